import { errors } from 'oidc-provider';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import { defaultTenant } from '../config.ts';

/**
 * Stores the provider's `ReplayDetection`. The provider looks first and writes then; only the insert decides, so a
 * second writer is refused. It runs outside the request's transaction: a used assertion stays used when the request
 * is refused for another reason.
 */
export class ReplayAdapter implements Adapter {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  async upsert(id: string, payload: AdapterPayload, expiresInSeconds: number): Promise<void> {
    const inserted = await this.#dataSource.query<unknown[]>(
      `INSERT INTO auth.provider_record (kind, id, tenant_id, payload, expires_at)
       VALUES ('ReplayDetection', $1, $2, $3, now() + make_interval(secs => $4::double precision))
       ON CONFLICT (kind, id) DO NOTHING RETURNING id`,
      [id, defaultTenant, JSON.stringify(payload), expiresInSeconds],
    );
    if (inserted.length === 0) throw new errors.InvalidClientAuth('client assertion tokens must only be used once');
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const rows = await this.#dataSource.query<{ payload: AdapterPayload }[]>(
      `SELECT payload FROM auth.provider_record WHERE kind = 'ReplayDetection' AND id = $1`,
      [id],
    );
    return rows[0]?.payload;
  }

  async findByUid(): Promise<undefined> {
    return undefined;
  }

  async findByUserCode(): Promise<undefined> {
    return undefined;
  }

  async consume(): Promise<void> {
    throw new Error('A replay record is never consumed.');
  }

  async destroy(): Promise<void> {
    throw new Error('A replay record is never destroyed before it expires.');
  }

  async revokeByGrantId(): Promise<void> {
    throw new Error('A replay record belongs to no grant.');
  }
}
