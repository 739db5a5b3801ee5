import type { EntityManager } from 'typeorm';
import type { Account } from './account.entity.ts';
import { forgetAttempts, uncountAttempt } from './login-throttle.ts';
import type { ThrottleKey } from './login-throttle.ts';
import { auditSuccess } from './sign-in-audit.ts';
import type { SignInVisit } from './sign-in.ts';

/**
 * Holds an account, first of all rows, until the transaction ends, so that its password cannot change under a sign-in.
 * @param newHash takes the place of the verified one.
 * @returns false when its password is no longer the one that was verified, or an operator has disabled it.
 */
export async function holdAccount(manager: EntityManager, account: Account, newHash?: string): Promise<boolean> {
  const { sub, passwordHash } = account;
  if (newHash !== undefined) {
    const [, updated]: [unknown, number] = await manager.query(
      'UPDATE auth.account SET password_hash = $3 WHERE sub = $1 AND password_hash = $2 AND disabled_at IS NULL',
      [sub, passwordHash, newHash],
    );
    return updated === 1;
  }
  const held: unknown[] = await manager.query(
    'SELECT 1 FROM auth.account WHERE sub = $1 AND password_hash = $2 AND disabled_at IS NULL FOR NO KEY UPDATE',
    [sub, passwordHash],
  );
  return held.length === 1;
}

/** Takes back what was counted for an attempt that was right. */
export async function settleAttempt(manager: EntityManager, keys: ThrottleKey[]): Promise<void> {
  for (const key of keys) {
    if (key.kind === 'address') await uncountAttempt(manager, key);
    else await forgetAttempts(manager, key);
  }
}

/** Remembers the browser and writes the audit row of a complete sign-in. */
export async function recordSignIn(
  manager: EntityManager,
  visit: SignInVisit,
  account: Account,
  amr: string[],
): Promise<void> {
  await manager.query(
    `INSERT INTO auth.known_browser (tenant_id, sub, browser_digest, last_login_at)
     VALUES ($1, $2, $3, clock_timestamp())
     ON CONFLICT (tenant_id, sub, browser_digest) DO UPDATE SET last_login_at = excluded.last_login_at`,
    [account.tenantId, account.sub, visit.browserDigest],
  );
  await auditSuccess(manager, visit, account, amr);
}
