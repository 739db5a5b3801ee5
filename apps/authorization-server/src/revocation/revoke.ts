import type { RevocationKind } from '@gatehouse/protocol';
import type { EntityManager } from 'typeorm';
import { lockAccount } from '../accounts/lock-account.ts';
import { recordAudit } from '../audit/audit-log.ts';
import type { AuditEvent } from '../audit/audit-log.ts';
import { accessTokenLifetimeSeconds } from '../provider/lifetimes.ts';

/** Clocks of gateways may be behind by as much as they tolerate in `exp`. */
const clockToleranceSeconds = 60;

/** The channel on which a commit wakes the publishers. */
export const outboxChannel = 'gatehouse_outbox';

/** Who did it, for the audit row; the details come beside the id of what is revoked. */
type RevokedBy = Pick<AuditEvent, 'actor' | 'onBehalfOf' | 'oauthClientId' | 'details'>;

/** What is revoked. */
export type Revocation = {
  /** `jti` of a token, `gid` of a grant, `sub` of an account, id of an OAuth client. */
  id: string;
  tenant: string;
  /** Closed word for the audit row, such as `revoked_by_user`, `password_changed`, `client_deleted`. */
  reason: string;
  by?: RevokedBy;
} & (
  | { kind: Exclude<RevocationKind, 'token'> }
  /** `expiresAt` is the token's `exp`, in seconds. */
  | { kind: 'token'; expiresAt: number }
);

/**
 * The one way in which tokens end before their time. In the caller's transaction it changes the state, writes the outbox,
 * from which every gateway hears within a second of the commit, and writes the audit row:
 *
 * - `token`: this access token alone.
 * - `grant`: the grant with its codes, refresh tokens and access tokens (audit: `grant.ended`).
 * - `account`: every grant of the account, and with them all its tokens of before (audit: `account.tokens_revoked`). It may sign in
 *   again at once and gets tokens that are good.
 * - `client`: the same for an OAuth client (audit: `client.tokens_revoked`).
 *
 * It takes the account before rows of grants, and those before rows of tokens. A transaction that holds a refresh token or
 * a code already must not call it (see `endGrantAfterwards`). It ends neither browser sessions nor the account or client itself: that is the caller's.
 *
 * @returns false when the grant or token had ended before: then nothing is written.
 */
export async function revoke(manager: EntityManager, revocation: Revocation): Promise<boolean> {
  switch (revocation.kind) {
    case 'token':
      return revokeToken(manager, revocation, revocation.expiresAt);
    case 'grant':
      return (await revokeGrants(manager, { ...revocation, ids: [revocation.id] })) > 0;
    case 'account':
      return revokeAll(manager, revocation, 'account');
    default:
      return revokeAll(manager, revocation, 'client');
  }
}

async function revokeToken(manager: EntityManager, revocation: Revocation, expiresAt: number): Promise<boolean> {
  const { id, tenant } = revocation;
  if (await isTokenRevoked(manager, id)) return false;
  await tellGateways(manager, { tenant, kind: 'token', keys: [id], expiresAt: expiresAt + clockToleranceSeconds });
  await audit(manager, revocation, 'token.revoked', { jti: id });
  return true;
}

/** True when this access token was revoked by itself; its grant may have ended besides. */
export async function isTokenRevoked(manager: EntityManager, jti: string): Promise<boolean> {
  const rows = await manager.query<unknown[]>(`SELECT 1 FROM auth.outbox WHERE kind = 'token' AND key = $1 LIMIT 1`, [
    jti,
  ]);
  return rows.length > 0;
}

/**
 * Revokes several grants, as `revoke` does one.
 * @returns how many had not ended before.
 */
export async function revokeGrants(
  manager: EntityManager,
  { ids, ...revocation }: Pick<Revocation, 'tenant' | 'reason' | 'by'> & { ids: string[] },
): Promise<number> {
  const { tenant } = revocation;
  const ended = await endGrants(manager, 'id = ANY($2)', [tenant, ids]);
  if (ended.length === 0) return 0;
  await tellGateways(manager, { tenant, kind: 'grant', keys: ended });
  for (const gid of ended) await audit(manager, revocation, 'grant.ended', { gid });
  return ended.length;
}

/**
 * Everything of an account or client: by the time of its tokens, which is one entry and told first, for a client may have
 * grants by the ten thousand; and each grant by its name, which no clock can get wrong. A new sign-in is good at once.
 */
async function revokeAll(manager: EntityManager, revocation: Revocation, kind: 'account' | 'client'): Promise<boolean> {
  const { id, tenant } = revocation;
  if (kind === 'account') await lockAccount(manager, id);
  const ended = await endGrants(manager, kind === 'account' ? 'account_id = $2' : 'oauth_client_id = $2', [tenant, id]);
  await tellGateways(manager, { tenant, kind, keys: [id], isOfEarlierTokens: true });
  await tellGateways(manager, { tenant, kind: 'grant', keys: ended });
  const whose = kind === 'account' ? { onBehalfOf: id } : { oauthClientId: id };
  const by = { ...whose, ...revocation.by };
  await audit(manager, { ...revocation, by }, `${kind}.tokens_revoked`, { grants: ended.length });
  return true;
}

/** Ends living grants with their codes and refresh tokens, in the order of their ids so that two endings take turns. */
async function endGrants(
  manager: EntityManager,
  condition: string,
  parameters: [string, string | string[]],
): Promise<string[]> {
  const [ended] = await manager.query<[{ id: string }[], number]>(
    `UPDATE auth.oauth_grant SET ended_at = now() WHERE id IN (
       SELECT id FROM auth.oauth_grant WHERE tenant_id = $1 AND ${condition} AND ended_at IS NULL ORDER BY id FOR UPDATE
     ) RETURNING id`,
    parameters,
  );
  const ids = ended.map(({ id }) => id);
  if (ids.length === 0) return ids;
  await manager.query(
    'UPDATE auth.refresh_token SET revoked_at = now() WHERE grant_id = ANY($1) AND revoked_at IS NULL',
    [ids],
  );
  await manager.query(`DELETE FROM auth.provider_record WHERE grant_id = ANY($1) AND kind = 'AuthorizationCode'`, [
    ids,
  ]);
  return ids;
}

/** What the outbox says of something that is revoked. */
interface OutboxWriting {
  tenant: string;
  kind: RevocationKind;
  keys: string[];
  /** When the last token that it can hit has expired, in seconds; unless said, that of a token issued just now. */
  expiresAt?: number;
  /** Only tokens are hit that were issued before the present second. */
  isOfEarlierTokens?: boolean;
}

async function tellGateways(manager: EntityManager, writing: OutboxWriting): Promise<void> {
  const { tenant, kind, keys, expiresAt, isOfEarlierTokens = false } = writing;
  const livesSeconds = accessTokenLifetimeSeconds + clockToleranceSeconds;
  await manager.query(
    `WITH written AS (
       INSERT INTO auth.outbox (tenant_id, kind, key, expires_at, issued_before)
       SELECT $1, $2, key, coalesce(to_timestamp($4::double precision), now() + make_interval(secs => $5::double precision)),
              CASE WHEN $6 THEN date_trunc('second', now()) END
       FROM unnest($3::text[]) AS key RETURNING 1
     )
     SELECT pg_notify('${outboxChannel}', '') FROM written LIMIT 1`,
    [tenant, kind, keys, expiresAt ?? null, livesSeconds, isOfEarlierTokens],
  );
}

async function audit(
  manager: EntityManager,
  { tenant, reason, by = {} }: Pick<Revocation, 'tenant' | 'reason' | 'by'>,
  type: string,
  details: Record<string, unknown>,
): Promise<void> {
  await recordAudit(manager, {
    ...by,
    type,
    tenantId: tenant,
    outcome: 'success',
    reason,
    details: { ...details, ...by.details },
  });
}
