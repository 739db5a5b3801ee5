import type { Account, FindAccount } from 'oidc-provider';
import { requestState } from '../provider/request-state.ts';
import type { Accounts } from './accounts.ts';

/** An account as the provider carries it, with what access tokens say of it. */
interface ProviderAccount extends Account {
  tenantId: string;
  roles: string[];
}

/**
 * oidc-provider's `findAccount` over the local accounts. An account that is gone is undefined, which ends its codes and
 * refresh tokens and asks its sessions to sign in again.
 */
export function findAccount(accounts: Accounts): FindAccount {
  return async (ctx, sub): Promise<ProviderAccount | undefined> => {
    const { presentedRefreshToken: presented } = requestState(ctx);
    const account = presented?.sub === sub ? presented.account : await accounts.find(sub);
    if (!account) return undefined;
    const { tenantId, roles } = account;
    return { accountId: sub, tenantId, roles, claims: () => Promise.resolve({ sub }) };
  };
}
