import { Provider } from 'oidc-provider';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import { defaultTenant } from '../config.ts';
import { requestState } from '../provider/request-state.ts';
import { endGrantAfterwards } from '../revocation/end-grant.ts';
import { isStorableId } from './stored-id.ts';
import { withManager } from './unit-of-work.ts';

/** Stores the provider's `Grant` in `oauth_grant`. An ended grant is kept for the audit and found no more. */
export class GrantAdapter implements Adapter {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  async upsert(id: string, payload: AdapterPayload, expiresInSeconds: number): Promise<void> {
    await withManager(this.#dataSource, (manager) =>
      manager.query(
        `INSERT INTO auth.oauth_grant (id, tenant_id, account_id, oauth_client_id, payload, expires_at)
         VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6::double precision))
         ON CONFLICT (id) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at
         WHERE oauth_grant.ended_at IS NULL`,
        [id, defaultTenant, payload.accountId ?? null, payload.clientId, JSON.stringify(payload), expiresInSeconds],
      ),
    );
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    if (!isStorableId(id)) return undefined;
    const presented = Provider.ctx && requestState(Provider.ctx).presentedRefreshToken;
    if (presented?.grantId === id) return presented.grant;
    const rows = await withManager(this.#dataSource, (manager) =>
      manager.query<{ payload: AdapterPayload }[]>(
        'SELECT payload FROM auth.oauth_grant WHERE id = $1 AND ended_at IS NULL AND expires_at > now()',
        [id],
      ),
    );
    return rows[0]?.payload;
  }

  async destroy(id: string): Promise<void> {
    await endGrantAfterwards(this.#dataSource, id);
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    await this.destroy(grantId);
  }

  async findByUid(): Promise<undefined> {
    return undefined;
  }

  async findByUserCode(): Promise<undefined> {
    return undefined;
  }

  async consume(): Promise<void> {
    throw new Error('A grant is never consumed.');
  }
}
