import { StartError } from '@gatehouse/runtime';
import type { EntityManager } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import { revoke } from '../revocation/revoke.ts';
import { endBrowserSessions, endLoginsUnderWay } from '../sessions/browser-sessions.ts';
import { Account } from './account.entity.ts';
import { administratorRole } from './first-administrator.ts';
import { KnownBrowser } from './known-browser.entity.ts';
import { forgetAttempts } from './login-throttle.ts';

// What an operator does to an account. Each function is part of the caller's transaction and writes the audit row.

/**
 * Closes an account: nobody signs in, its sessions end, and so do all its tokens, on every gateway within a second.
 * @returns false when it was disabled before.
 * @throws StartError for the last administrator, since nobody could let anybody in again by the account page.
 */
export async function disableAccount(manager: EntityManager, account: Account): Promise<boolean> {
  if (account.disabledAt !== null) return false;
  if (account.roles.includes(administratorRole)) await refuseLastAdministrator(manager, account);
  await manager.update(Account, { sub: account.sub }, { disabledAt: () => 'clock_timestamp()' });
  await record(manager, account, 'account.disabled');
  await signOutEverywhere(manager, account, 'account_disabled');
  return true;
}

/** Opens a disabled account again. @returns false when it was not disabled. */
export async function enableAccount(manager: EntityManager, account: Account): Promise<boolean> {
  if (account.disabledAt === null) return false;
  await manager.update(Account, { sub: account.sub }, { disabledAt: null });
  await record(manager, account, 'account.enabled');
  return true;
}

/**
 * Gives an account another password: its sessions end, no browser is known to it any more, and attempts with the former one
 * no longer count against its owner.
 */
export async function setPassword(manager: EntityManager, account: Account, passwordHash: string): Promise<void> {
  await manager.update(Account, { sub: account.sub }, { passwordHash });
  await manager.delete(KnownBrowser, { tenantId: account.tenantId, sub: account.sub });
  await forgetAttempts(manager, { tenantId: account.tenantId, kind: 'account', value: account.emailKey });
  await endLoginsUnderWay(manager, account);
  const sessions = await endBrowserSessions(manager, account, { reason: 'password_changed' });
  await record(manager, account, 'account.password_set', { sessions });
}

/** Gives an account other roles, which its tokens carry from the next one on. @returns false when it has them already. */
export async function setRoles(manager: EntityManager, account: Account, roles: string[]): Promise<boolean> {
  const wanted = [...new Set(roles)].toSorted();
  if (wanted.join(' ') === account.roles.toSorted().join(' ')) return false;
  if (!wanted.includes(administratorRole) && account.roles.includes(administratorRole)) {
    await refuseLastAdministrator(manager, account);
  }
  await manager.update(Account, { sub: account.sub }, { roles: wanted });
  await record(manager, account, 'account.roles_changed', { roles: wanted, previous: account.roles });
  return true;
}

/** Ends every session, every login that is under way, every grant and every token of an account. @returns the sessions. */
export async function signOutEverywhere(manager: EntityManager, account: Account, reason: string): Promise<number> {
  await endLoginsUnderWay(manager, account);
  const sessions = await endBrowserSessions(manager, account, { reason: 'signed_out_everywhere' });
  await revoke(manager, { kind: 'account', id: account.sub, tenant: account.tenantId, reason });
  return sessions;
}

async function refuseLastAdministrator(manager: EntityManager, account: Account): Promise<void> {
  // Locked, so that two operators do not each leave the other one's administrator.
  const others = await manager.query<unknown[]>(
    `SELECT sub FROM auth.account WHERE tenant_id = $1 AND $2 = ANY(roles) AND disabled_at IS NULL
     ORDER BY sub FOR UPDATE`,
    [account.tenantId, administratorRole],
  );
  if (account.disabledAt === null && others.length === 1) {
    throw new StartError(`${account.email} is the last administrator: make another one first.`);
  }
}

async function record(
  manager: EntityManager,
  account: Account,
  type: string,
  details?: Record<string, unknown>,
): Promise<void> {
  await recordAudit(manager, {
    type,
    tenantId: account.tenantId,
    outcome: 'success',
    onBehalfOf: account.sub,
    ...(details === undefined ? {} : { details }),
  });
}
