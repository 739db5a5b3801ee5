import { errors } from 'oidc-provider';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import { defaultTenant } from '../config.ts';
import { endGrantAfterwards, endGrantOfRevokedToken } from '../revocation/end-grant.ts';
import { bearerId, isStorableId } from './stored-id.ts';
import { withManager } from './unit-of-work.ts';

/**
 * Stores the provider's `RefreshToken` in `refresh_token`. A token that was exchanged less than the grace window ago
 * is found as if it were fresh: `refresh-rotation.ts` answers it with the successor that it already has.
 */
export class RefreshTokenAdapter implements Adapter {
  readonly #dataSource: DataSource;
  readonly #graceSeconds: number;

  constructor(dataSource: DataSource, graceSeconds: number) {
    this.#dataSource = dataSource;
    this.#graceSeconds = graceSeconds;
  }

  async upsert(id: string, payload: AdapterPayload, expiresInSeconds: number): Promise<void> {
    const { jti: _, consumed: __, ...stored } = payload;
    await withManager(this.#dataSource, (manager) =>
      manager.query(
        `INSERT INTO auth.refresh_token (id, tenant_id, grant_id, payload, expires_at)
         VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5::double precision))`,
        [bearerId(id), defaultTenant, payload.grantId, JSON.stringify(stored), expiresInSeconds],
      ),
    );
  }

  /** Locks the row: requests that present the same token at once are answered one after the other. */
  async find(id: string): Promise<AdapterPayload | undefined> {
    if (!isStorableId(id)) return undefined;
    const rows = await withManager(this.#dataSource, (manager) =>
      manager.query<{ payload: AdapterPayload; exp: number; consumed: number | null }[]>(
        `SELECT payload, floor(extract(epoch FROM expires_at))::int AS exp,
                CASE WHEN sealed_successor IS NOT NULL
                      AND consumed_at + make_interval(secs => $2::double precision) > clock_timestamp() THEN NULL
                     ELSE extract(epoch FROM consumed_at)::float8 END AS consumed
         FROM auth.refresh_token WHERE id = $1 AND revoked_at IS NULL AND expires_at > now() FOR UPDATE`,
        [bearerId(id), this.#graceSeconds],
      ),
    );
    const found = rows[0];
    if (!found) return undefined;
    const { payload, exp, consumed } = found;
    // A token that is not exchanged lives on when it is used: the row knows until when.
    return { ...payload, exp, jti: id, ...(consumed === null ? {} : { consumed }) };
  }

  async consume(id: string): Promise<void> {
    const [updated] = await withManager(this.#dataSource, (manager) =>
      manager.query<[unknown[], number]>(
        `UPDATE auth.refresh_token SET consumed_at = clock_timestamp()
         WHERE id = $1 AND consumed_at IS NULL AND revoked_at IS NULL RETURNING id`,
        [bearerId(id)],
      ),
    );
    if (updated.length > 0) return;
    const rows = await withManager(this.#dataSource, (manager) =>
      manager.query<{ grant_id: string }[]>('SELECT grant_id FROM auth.refresh_token WHERE id = $1', [bearerId(id)]),
    );
    const grantId = rows[0]?.grant_id;
    if (grantId !== undefined) await endGrantAfterwards(this.#dataSource, grantId);
    throw new errors.InvalidGrant('already consumed');
  }

  /** Comes before the end of the grant, which is what revokes. */
  async destroy(id: string): Promise<void> {
    await withManager(this.#dataSource, (manager) =>
      manager.query('UPDATE auth.refresh_token SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL', [
        bearerId(id),
      ]),
    );
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    await endGrantOfRevokedToken(this.#dataSource, grantId);
  }

  async findByUid(): Promise<undefined> {
    return undefined;
  }

  async findByUserCode(): Promise<undefined> {
    return undefined;
  }
}
