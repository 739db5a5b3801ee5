import type { EntityManager } from 'typeorm';
import { defaultTenant } from '../config.ts';
import { clockToleranceSeconds } from './end-grant.ts';

/** True when this access token was revoked by itself; its grant may have ended besides. */
export async function isTokenRevoked(manager: EntityManager, jti: string): Promise<boolean> {
  const rows = await manager.query<unknown[]>(`SELECT 1 FROM auth.outbox WHERE kind = 'token' AND key = $1 LIMIT 1`, [
    jti,
  ]);
  return rows.length > 0;
}

/**
 * Revokes one access token: the outbox tells the gateways until it has expired.
 * @param expiresAt its `exp`, in seconds.
 */
export async function revokeToken(manager: EntityManager, jti: string, expiresAt: number): Promise<void> {
  await manager.query(
    `INSERT INTO auth.outbox (tenant_id, kind, key, expires_at) VALUES ($1, 'token', $2, to_timestamp($3))`,
    [defaultTenant, jti, expiresAt + clockToleranceSeconds],
  );
}
