import type { FindAccount } from 'oidc-provider';
import type { Accounts } from './accounts.ts';

/**
 * oidc-provider's `findAccount` over the local accounts (OpenID Connect Core 1.0 §5.1 claims).
 * An account that is gone is undefined, which ends its codes, refresh tokens and sessions.
 */
export function findAccount(accounts: Accounts): FindAccount {
  return async (_ctx, sub) => {
    const account = await accounts.find(sub);
    if (!account) return undefined;
    return {
      accountId: account.sub,
      claims: () => Promise.resolve({ sub: account.sub, email: account.email, email_verified: false }),
    };
  };
}
