import type { EntityManager } from 'typeorm';
import { lockAccount } from '../accounts/lock-account.ts';
import { recordAudit } from '../audit/audit-log.ts';

/** A signed-in browser as its owner sees it. */
export interface SignedInBrowser {
  uid: string;
  userAgent: string | undefined;
  address: string | undefined;
  signedInAt: Date;
  lastUsedAt: Date;
}

/** Whose session it is. */
interface Owner {
  tenantId: string;
  sub: string;
}

/** Why sessions end, as the audit says it. */
export type SessionEnd = 'signed_out' | 'signed_out_everywhere' | 'password_changed' | 'other_account';

const mostListed = 100;

/** The browsers that are signed in to an account, those that were here last first. */
export async function listBrowserSessions(manager: EntityManager, owner: Owner): Promise<SignedInBrowser[]> {
  const rows = await manager.query<
    { uid: string; user_agent: string | null; address: string | null; login_ts: string; last_used_at: Date }[]
  >(
    `SELECT uid, user_agent, address, payload->>'loginTs' AS login_ts, last_used_at FROM auth.browser_session
     WHERE tenant_id = $1 AND sub = $2 AND id_digest IS NOT NULL AND ended_at IS NULL AND expires_at > now()
     ORDER BY last_used_at DESC LIMIT ${mostListed}`,
    [owner.tenantId, owner.sub],
  );
  return rows.map((row) => ({
    uid: row.uid,
    userAgent: row.user_agent ?? undefined,
    address: row.address ?? undefined,
    signedInAt: new Date(Number(row.login_ts) * 1_000),
    lastUsedAt: row.last_used_at,
  }));
}

/**
 * Ends sessions of an account, all or the one that `only` names, but never `except`. Part of the caller's transaction.
 * @returns how many there were.
 */
export async function endBrowserSessions(
  manager: EntityManager,
  owner: Owner,
  end: { reason: SessionEnd; only?: string; except?: string; oauthClientId?: string },
): Promise<number> {
  const [ended] = await manager.query<[{ uid: string }[], number]>(
    `UPDATE auth.browser_session SET ended_at = clock_timestamp()
     WHERE tenant_id = $1 AND sub = $2 AND ended_at IS NULL AND expires_at > now()
       AND ($3::text IS NULL OR uid = $3) AND ($4::text IS NULL OR uid <> $4)
     RETURNING uid`,
    [owner.tenantId, owner.sub, end.only ?? null, end.except ?? null],
  );
  for (const { uid } of ended) {
    await recordAudit(manager, {
      type: 'session.ended',
      tenantId: owner.tenantId,
      outcome: 'success',
      actor: owner.sub,
      reason: end.reason,
      ...(end.oauthClientId === undefined ? {} : { oauthClientId: end.oauthClientId }),
      details: { session: uid },
    });
  }
  return ended.length;
}

/** True when a session was ended, or is not there although it was read: a request that began with it must not go on. */
export async function isSessionGone(manager: EntityManager, uid: string): Promise<boolean> {
  const living: unknown[] = await manager.query(
    'SELECT 1 FROM auth.browser_session WHERE uid = $1 AND ended_at IS NULL',
    [uid],
  );
  return living.length === 0;
}

/**
 * Ends the logins of an account whose authorization has not gone on yet: they would begin a session. To be called before
 * its sessions are ended, so that one that goes on meanwhile is among those. It holds the account, as every login does.
 */
export async function endLoginsUnderWay(manager: EntityManager, owner: Owner): Promise<void> {
  await lockAccount(manager, owner.sub);
  await manager.query(
    `DELETE FROM auth.provider_record
     WHERE kind = 'Interaction' AND tenant_id = $1
       AND $2 IN (payload->'result'->'login'->>'accountId', payload->'lastSubmission'->'login'->>'accountId')`,
    [owner.tenantId, owner.sub],
  );
  await manager.query('DELETE FROM auth.pending_sign_in WHERE tenant_id = $1 AND sub = $2', [
    owner.tenantId,
    owner.sub,
  ]);
}
