import { password as passwordRule, StartError } from '@gatehouse/runtime';
import type { EntityManager } from 'typeorm';
import { Account } from '../accounts/account.entity.ts';
import { createAccount } from '../accounts/accounts.ts';
import { disableAccount, enableAccount, setRoles } from '../accounts/administer-account.ts';
import { emailKey } from '../accounts/email-key.ts';
import { hashPassword } from '../accounts/password-hash.ts';
import { defaultTenant } from '../config.ts';
import { changedFields } from './change.ts';
import type { Change } from './change.ts';
import type { Declaration, DeclaredAccount } from './declaration.ts';
import { readSecret } from './secret-reference.ts';
import type { SecretSource } from './secret-reference.ts';

/** What a declaration is about to give a new account. */
interface NewAccount {
  place: string;
  secrets: SecretSource;
}

/**
 * Makes the accounts what a declaration says. An account is never deleted: with `prune` one that is not named is disabled, for
 * its rows in the audit log name it.
 * @throws StartError naming the declared account that cannot be.
 */
export async function declareAccounts(
  manager: EntityManager,
  declaration: Declaration,
  secrets: SecretSource,
): Promise<Change[]> {
  const declared = declaration.accounts;
  if (!declared) return [];
  const changes: Change[] = [];
  // Those that open come first: the last administrator may be about to get a successor.
  const ordered = [...declared.entries()].toSorted(([, a], [, b]) => Number(a.is_disabled) - Number(b.is_disabled));
  for (const [index, account] of ordered) {
    changes.push(...(await declareAccount(manager, account, { place: `accounts[${index}]`, secrets })));
  }
  if (declaration.prune) changes.push(...(await disableOthers(manager, declared)));
  return changes;
}

async function declareAccount(manager: EntityManager, declared: DeclaredAccount, made: NewAccount): Promise<Change[]> {
  const key = { tenantId: defaultTenant, emailKey: emailKey(declared.email) };
  const before = await manager.findOneBy(Account, key);
  const account = before ?? (await make(manager, declared, made));
  await setRoles(manager, account, declared.roles);
  await (declared.is_disabled ? disableAccount(manager, account) : enableAccount(manager, account));
  const fields = changedFields(before ? fieldsOf(before) : {}, fieldsOf(await manager.findOneByOrFail(Account, key)));
  if (fields.length === 0) return [];
  return [{ kind: before ? 'update' : 'create', what: `account ${account.email}`, fields }];
}

async function make(
  manager: EntityManager,
  { email, roles, initial_password: reference }: DeclaredAccount,
  { place, secrets }: NewAccount,
): Promise<Account> {
  if (reference === undefined) {
    throw new StartError(`${place}.initial_password is required, for there is no account ${email} yet.`);
  }
  const checked = passwordRule('').safeParse(readSecret(reference, secrets, `${place}.initial_password`));
  if (!checked.success) {
    throw new StartError(`${place}.initial_password is ${reference}, which ${checked.error.issues[0]?.message ?? ''}.`);
  }
  const passwordHash = await hashPassword(checked.data);
  const { sub } = await createAccount(manager, { tenantId: defaultTenant, email, passwordHash, roles });
  return manager.findOneByOrFail(Account, { sub });
}

async function disableOthers(manager: EntityManager, declared: DeclaredAccount[]): Promise<Change[]> {
  const named = new Set(declared.map(({ email }) => emailKey(email)));
  const changes: Change[] = [];
  for (const account of await manager.find(Account, {
    where: { tenantId: defaultTenant },
    order: { emailKey: 'ASC' },
  })) {
    if (named.has(account.emailKey) || !(await disableAccount(manager, account))) continue;
    changes.push({ kind: 'disable', what: `account ${account.email}`, fields: [] });
  }
  return changes;
}

/** An account under the names that declarations use. */
export function fieldsOf({ email, roles, disabledAt }: Account): Record<string, unknown> {
  return { email, roles, is_disabled: disabledAt !== null };
}
