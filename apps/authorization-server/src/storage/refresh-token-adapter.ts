import { errors, Provider } from 'oidc-provider';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import { defaultTenant } from '../config.ts';
import { requestState } from '../provider/request-state.ts';
import type { PresentedRefreshToken } from '../provider/request-state.ts';
import { endGrantAfterwards, endGrantOfRevokedToken } from '../revocation/end-grant.ts';
import { sealSuccessor } from './sealed-successor.ts';
import { bearerId, isStorableId } from './stored-id.ts';
import { withManager } from './unit-of-work.ts';

/** What is kept of a token, and whether its client had authenticated when it was issued. */
type StoredToken = AdapterPayload & { needsAuthentication?: boolean };

/** A row of a refresh token with what hangs on it. */
interface FoundToken {
  payload: StoredToken;
  exp: number;
  consumed: number | null;
  sealedSuccessor: Buffer | null;
  given: AdapterPayload | null;
  isStepUpAsked: boolean;
  tenantId: string | null;
  roles: string[] | null;
}

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
    const { jti: _, consumed: __, ...rest } = payload;
    const stored: StoredToken = { ...rest, ...(isClientAuthenticated() ? { needsAuthentication: true } : {}) };
    const row = [bearerId(id), defaultTenant, payload.grantId, JSON.stringify(stored), expiresInSeconds];
    const exchanged = Provider.ctx && requestState(Provider.ctx).exchangedRefreshToken;
    if (exchanged !== undefined) return this.#exchange(exchanged, id, row);
    await withManager(this.#dataSource, (manager) =>
      manager.query(
        `INSERT INTO auth.refresh_token (id, tenant_id, grant_id, payload, expires_at)
         VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5::double precision))`,
        row,
      ),
    );
  }

  /** Consumes a token, seals its successor into its row and stores the successor, or none of it. */
  async #exchange(exchanged: string, successor: string, row: unknown[]): Promise<void> {
    const inserted = await withManager(this.#dataSource, (manager) =>
      manager.query<unknown[]>(
        `WITH exchanged AS (
           UPDATE auth.refresh_token SET consumed_at = clock_timestamp(), sealed_successor = $7
           WHERE id = $6 AND consumed_at IS NULL AND revoked_at IS NULL RETURNING id
         )
         INSERT INTO auth.refresh_token (id, tenant_id, grant_id, payload, expires_at)
         SELECT $1, $2, $3, $4::jsonb, now() + make_interval(secs => $5::double precision) FROM exchanged RETURNING id`,
        [...row, bearerId(exchanged), sealSuccessor(exchanged, successor)],
      ),
    );
    if (inserted.length === 0) return this.#refuseConsumed(exchanged);
    if (Provider.ctx) delete requestState(Provider.ctx).exchangedRefreshToken;
  }

  /**
   * Locks the row: requests that present the same token at once are answered one after the other. Grant and account are
   * read along with it; when they end, so does the token. A client that a document describes may authenticate or not, as it
   * likes: what was issued to it when it did is not found by who does not (RFC 6749 §6).
   */
  async find(id: string): Promise<AdapterPayload | undefined> {
    if (!isStorableId(id)) return undefined;
    const rows = await withManager(this.#dataSource, (manager) =>
      manager.query<FoundToken[]>(
        `SELECT token.payload, floor(extract(epoch FROM token.expires_at))::int AS exp,
                CASE WHEN token.sealed_successor IS NOT NULL
                      AND token.consumed_at + make_interval(secs => $2::double precision) > clock_timestamp() THEN NULL
                     ELSE extract(epoch FROM token.consumed_at)::float8 END AS consumed,
                token.sealed_successor AS "sealedSuccessor", given.payload AS given,
                coalesce(given.step_up_until > clock_timestamp(), false) AS "isStepUpAsked",
                account.tenant_id AS "tenantId", account.roles
         FROM auth.refresh_token AS token
         LEFT JOIN auth.oauth_grant AS given
           ON given.id = token.grant_id AND given.ended_at IS NULL AND given.expires_at > now()
         LEFT JOIN auth.account AS account
           ON account.sub = token.payload->>'accountId' AND account.disabled_at IS NULL
         WHERE token.id = $1 AND token.revoked_at IS NULL AND token.expires_at > now() FOR UPDATE OF token`,
        [bearerId(id), this.#graceSeconds],
      ),
    );
    const found = rows[0];
    if (!found) return undefined;
    const { needsAuthentication = false, ...payload } = found.payload;
    if (needsAuthentication && !isClientAuthenticated()) return undefined;
    if (Provider.ctx) requestState(Provider.ctx).presentedRefreshToken = presentedToken(bearerId(id), found);
    const { exp, consumed } = found;
    // A token that is not exchanged lives on when it is used: the row knows until when.
    return { ...payload, exp, jti: id, ...(consumed === null ? {} : { consumed }) };
  }

  /** The token that the request presents is consumed by the statement that stores its successor. */
  async consume(id: string): Promise<void> {
    const state = Provider.ctx && requestState(Provider.ctx);
    if (state?.presentedRefreshToken?.id === bearerId(id)) {
      state.exchangedRefreshToken = id;
      return;
    }
    const [updated] = await withManager(this.#dataSource, (manager) =>
      manager.query<[unknown[], number]>(
        `UPDATE auth.refresh_token SET consumed_at = clock_timestamp()
         WHERE id = $1 AND consumed_at IS NULL AND revoked_at IS NULL RETURNING id`,
        [bearerId(id)],
      ),
    );
    if (updated.length === 0) await this.#refuseConsumed(id);
  }

  async #refuseConsumed(id: string): Promise<never> {
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

/** Whether the client of the present request has shown more than its id. */
function isClientAuthenticated(): boolean {
  const method = Provider.ctx?.oidc.client?.tokenEndpointAuthMethod;
  return method !== undefined && method !== 'none';
}

function presentedToken(id: string, found: FoundToken): PresentedRefreshToken {
  const { payload, given, tenantId, roles, sealedSuccessor, isStepUpAsked } = found;
  return {
    id,
    grantId: payload.grantId ?? '',
    grant: given ?? undefined,
    sub: payload.accountId,
    account: tenantId === null ? undefined : { tenantId, roles: roles ?? [] },
    sealedSuccessor,
    isStepUpAsked,
  };
}
