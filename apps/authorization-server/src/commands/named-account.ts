import { StartError } from '@gatehouse/runtime';
import type { EntityManager } from 'typeorm';
import { Account } from '../accounts/account.entity.ts';
import { emailKey } from '../accounts/email-key.ts';
import { defaultTenant } from '../config.ts';

/**
 * The account that an operator names by its e-mail or its id.
 * @throws StartError when there is none.
 */
export async function requireAccount(manager: EntityManager, name: string): Promise<Account> {
  const account = await manager.findOneBy(Account, [
    { tenantId: defaultTenant, emailKey: emailKey(name) },
    { tenantId: defaultTenant, sub: name },
  ]);
  if (account) return account;
  throw new StartError(`There is no account ${name}: \`accounts list\` shows them.`);
}
