import { Provider } from 'oidc-provider';
import type { DataSource, EntityManager } from 'typeorm';
import { accessTokenLifetimeSeconds } from '../provider/lifetimes.ts';
import { grantsToEnd } from '../storage/unit-of-work.ts';

/** Clocks of gateways may be behind by as much as they tolerate in `exp`. */
export const clockToleranceSeconds = 60;

/**
 * Ends a grant: its codes and refresh tokens die with it, and the outbox tells the gateways, whose cached access
 * tokens carry its id as `gid`. Part of the caller's transaction; ending it again changes nothing.
 * @returns true when it was alive.
 */
export async function endGrant(manager: EntityManager, grantId: string): Promise<boolean> {
  const [ended] = await manager.query<[{ tenant_id: string }[], number]>(
    `UPDATE auth.oauth_grant SET ended_at = now() WHERE id = $1 AND ended_at IS NULL RETURNING tenant_id`,
    [grantId],
  );
  const grant = ended[0];
  if (!grant) return false;
  await manager.query(`UPDATE auth.refresh_token SET revoked_at = now() WHERE grant_id = $1 AND revoked_at IS NULL`, [
    grantId,
  ]);
  await manager.query(`DELETE FROM auth.provider_record WHERE grant_id = $1 AND kind = 'AuthorizationCode'`, [grantId]);
  await manager.query(
    `INSERT INTO auth.outbox (tenant_id, kind, key, expires_at)
     VALUES ($1, 'grant', $2, now() + make_interval(secs => $3::double precision))`,
    [grant.tenant_id, grantId, accessTokenLifetimeSeconds + clockToleranceSeconds],
  );
  return true;
}

/**
 * Ends a grant because a client revokes a token of it. The provider asks for that with each kind of token, also when an
 * access token is revoked: that one ends alone (RFC 7009 §2.1 leaves it to us), for its client may just be tidy.
 */
export async function endGrantOfRevokedToken(dataSource: DataSource, grantId: string): Promise<void> {
  const oidc = Provider.ctx?.oidc;
  if (oidc?.route === 'revocation' && oidc.entities.AccessToken) return;
  await endGrantAfterwards(dataSource, grantId);
}

/**
 * Ends a grant at the end of the present request, or at once outside of one. A request that presents a code or token
 * holds that row; were it to wait for the grant's row too, two such requests could wait for each other. So every ending
 * is a transaction of its own that takes the grant first.
 */
export async function endGrantAfterwards(dataSource: DataSource, grantId: string): Promise<void> {
  const grants = grantsToEnd();
  if (grants) grants.add(grantId);
  else await dataSource.transaction((manager) => endGrant(manager, grantId));
}
