import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import { defaultTenant } from '../config.ts';
import { currentRequest } from '../entrance/request-context.ts';
import { bearerId, isStorableId } from '../storage/stored-id.ts';
import { withManager } from '../storage/unit-of-work.ts';

const longestUserAgent = 300;

/** Stores the provider's `Session` in `browser_session`, by its lasting `uid`. */
export class SessionAdapter implements Adapter {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  /**
   * Leaves an end where it is, and changes nothing when the id was exchanged by another request: what that request stored
   * is newer, and the former id must not come to life again.
   */
  async upsert(id: string, payload: AdapterPayload, expiresInSeconds: number): Promise<void> {
    const { jti: _, ...stored } = payload;
    const request = currentRequest();
    await withManager(this.#dataSource, (manager) =>
      manager.query(
        `INSERT INTO auth.browser_session AS present
           (uid, tenant_id, id_digest, sub, payload, user_agent, address, last_used_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp(), now() + make_interval(secs => $8::double precision))
         ON CONFLICT (uid) DO UPDATE
         SET id_digest = excluded.id_digest, sub = excluded.sub, payload = excluded.payload,
             user_agent = excluded.user_agent, address = excluded.address,
             last_used_at = excluded.last_used_at, expires_at = excluded.expires_at
         WHERE present.id_digest IS NULL OR present.id_digest = excluded.id_digest`,
        [
          payload.uid,
          defaultTenant,
          bearerId(id),
          payload.accountId ?? null,
          JSON.stringify(stored),
          request?.userAgent?.slice(0, longestUserAgent) ?? null,
          request?.address ?? null,
          expiresInSeconds,
        ],
      ),
    );
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    if (!isStorableId(id)) return undefined;
    const payload = await this.#select('id_digest = $1', bearerId(id));
    return payload && { ...payload, jti: id };
  }

  /** Without the id, which is not stored. */
  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return isStorableId(uid) ? await this.#select('uid = $1 AND id_digest IS NOT NULL', uid) : undefined;
  }

  /** The provider gives up an id when it exchanges it for another; sessions end by `endBrowserSessions`. */
  async destroy(id: string): Promise<void> {
    await withManager(this.#dataSource, (manager) =>
      manager.query('UPDATE auth.browser_session SET id_digest = NULL WHERE id_digest = $1', [bearerId(id)]),
    );
  }

  async findByUserCode(): Promise<undefined> {
    return undefined;
  }

  async consume(): Promise<void> {
    throw new Error('A session is never consumed.');
  }

  async revokeByGrantId(): Promise<void> {
    throw new Error('A session belongs to no grant.');
  }

  async #select(condition: string, value: string): Promise<AdapterPayload | undefined> {
    const rows = await withManager(this.#dataSource, (manager) =>
      manager.query<{ payload: AdapterPayload }[]>(
        `SELECT payload FROM auth.browser_session WHERE ${condition} AND ended_at IS NULL AND expires_at > now()`,
        [value],
      ),
    );
    return rows[0]?.payload;
  }
}
