import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { createAccount } from './accounts.ts';
import { hashPassword } from './password-hash.ts';

/** The role that may administer the tenant. */
export const administratorRole = 'administrator';

/** What the operator asked for, and how a generated password reaches them. */
interface FirstAdministratorOptions {
  tenantId: string;
  email: string;
  /** Generated when absent. */
  password?: string;
  /** Called once, with a generated password only; resolves when the person has seen it. */
  report(signIn: { email: string; password: string }): Promise<void>;
}

/**
 * Creates the first administrator of a tenant that has never had one, else does nothing: a restart neither brings a
 * removed administrator back nor changes a password. Replicas that start together wait for each other on the
 * primary key of `first_administrator`.
 * @returns true when it was created now.
 */
export async function createFirstAdministrator(
  dataSource: DataSource,
  options: FirstAdministratorOptions,
): Promise<boolean> {
  const { tenantId, email } = options;
  const known: unknown[] = await dataSource.query('SELECT 1 FROM auth.first_administrator WHERE tenant_id = $1', [
    tenantId,
  ]);
  if (known.length > 0) return false;
  const password = options.password ?? randomBytes(15).toString('base64url');
  const passwordHash = await hashPassword(password);
  return await dataSource.transaction(async (manager) => {
    const claimed: unknown[] = await manager.query(
      `INSERT INTO auth.first_administrator (tenant_id) VALUES ($1)
       ON CONFLICT (tenant_id) DO NOTHING RETURNING tenant_id`,
      [tenantId],
    );
    if (claimed.length === 0) return false;
    await createAccount(manager, { tenantId, email, passwordHash, roles: [administratorRole] });
    // Before the commit: whatever ends this process until the password was seen, the next start shows a new one.
    if (options.password === undefined) await options.report({ email, password });
    return true;
  });
}
