import { errors } from 'oidc-provider';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import { defaultTenant } from '../config.ts';
import { interactionLifetimeSeconds } from '../provider/lifetimes.ts';
import { endGrantAfterwards, endGrantOfRevokedToken } from '../revocation/end-grant.ts';
import { bearerId, isStorableId } from './stored-id.ts';
import { withManager } from './unit-of-work.ts';

/** Models whose id is the secret that the bearer presents. */
const bearerKinds = new Set([
  'AuthorizationCode',
  'InitialAccessToken',
  'PushedAuthorizationRequest',
  'RegistrationAccessToken',
]);

/**
 * A pushed request is opened within a minute and answered at the end of the interaction: until then it is remembered, so
 * that it is answered once (RFC 9126 §4).
 */
const rememberedSeconds: Record<string, number> = { PushedAuthorizationRequest: interactionLifetimeSeconds };

interface Row {
  payload: AdapterPayload;
  consumed: number | null;
}

/** Stores the provider's short-lived models in `provider_record`. */
export class RecordAdapter implements Adapter {
  readonly #dataSource: DataSource;
  readonly #kind: string;

  constructor(dataSource: DataSource, kind: string) {
    this.#dataSource = dataSource;
    this.#kind = kind;
  }

  async upsert(id: string, payload: AdapterPayload, expiresInSeconds?: number): Promise<void> {
    const { jti, consumed: _, ...rest } = payload;
    const stored = bearerKinds.has(this.#kind) ? rest : { ...rest, jti };
    await withManager(this.#dataSource, (manager) =>
      manager.query(
        `INSERT INTO auth.provider_record (kind, id, tenant_id, payload, grant_id, uid, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7::double precision))
         ON CONFLICT (kind, id) DO UPDATE
         SET payload = excluded.payload, grant_id = excluded.grant_id, uid = excluded.uid, expires_at = excluded.expires_at`,
        [
          this.#kind,
          this.#rowId(id),
          defaultTenant,
          JSON.stringify(stored),
          payload.grantId ?? null,
          payload.uid ?? null,
          expiresInSeconds === undefined ? null : expiresInSeconds + (rememberedSeconds[this.#kind] ?? 0),
        ],
      ),
    );
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    if (!isStorableId(id)) return undefined;
    const rows = await this.#select('id = $2', this.#rowId(id));
    const found = rows[0];
    if (!found) return undefined;
    return { ...found.payload, jti: id, ...(found.consumed === null ? {} : { consumed: found.consumed }) };
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    if (!isStorableId(uid)) return undefined;
    const rows = await this.#select('uid = $2', uid);
    return rows[0]?.payload;
  }

  /** The device grant, which has user codes, is off. */
  async findByUserCode(): Promise<undefined> {
    return undefined;
  }

  /**
   * One conditional update decides who was first, on whichever replica. Whoever comes second ends the grant
   * (RFC 6749 §4.1.2).
   */
  async consume(id: string): Promise<void> {
    const [updated] = await withManager(this.#dataSource, (manager) =>
      manager.query<[unknown[], number]>(
        `UPDATE auth.provider_record SET consumed_at = now()
         WHERE kind = $1 AND id = $2 AND consumed_at IS NULL RETURNING id`,
        [this.#kind, this.#rowId(id)],
      ),
    );
    if (updated.length > 0) return;
    const rows = await this.#select('id = $2', this.#rowId(id));
    const grantId = rows[0]?.payload.grantId;
    if (grantId !== undefined) await endGrantAfterwards(this.#dataSource, grantId);
    if (this.#kind === 'PushedAuthorizationRequest') throw new errors.InvalidRequestUri('request_uri was already used');
    throw new errors.InvalidGrant('already consumed');
  }

  /**
   * An interaction goes on once: of two requests, or when its login was ended meanwhile, the later one is refused. Whoever
   * ends logins holds the account first (`endLoginsUnderWay`), so that comes first here too.
   */
  async destroy(id: string): Promise<void> {
    if (this.#kind === 'Interaction') await this.#lockAccountOfLogin(id);
    const [, deleted] = await withManager(this.#dataSource, (manager) =>
      manager.query<[unknown, number]>('DELETE FROM auth.provider_record WHERE kind = $1 AND id = $2', [
        this.#kind,
        this.#rowId(id),
      ]),
    );
    if (deleted === 0 && this.#kind === 'Interaction')
      throw new errors.SessionNotFound('interaction session not found');
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    await endGrantOfRevokedToken(this.#dataSource, grantId);
  }

  #lockAccountOfLogin(interactionId: string): Promise<unknown> {
    return withManager(this.#dataSource, (manager) =>
      manager.query(
        `SELECT 1 FROM auth.account WHERE sub = (
           SELECT payload->'result'->'login'->>'accountId' FROM auth.provider_record WHERE kind = 'Interaction' AND id = $1
         ) FOR NO KEY UPDATE`,
        [interactionId],
      ),
    );
  }

  #rowId(id: string): string {
    return bearerKinds.has(this.#kind) ? bearerId(id) : id;
  }

  #select(condition: string, value: string): Promise<Row[]> {
    return withManager(this.#dataSource, (manager) =>
      manager.query<Row[]>(
        `SELECT payload, extract(epoch FROM consumed_at)::float8 AS consumed FROM auth.provider_record
         WHERE kind = $1 AND ${condition} AND (expires_at IS NULL OR expires_at > now())`,
        [this.#kind, value],
      ),
    );
  }
}
