import { Provider } from 'oidc-provider';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import { defaultTenant } from '../config.ts';
import { whoAsked } from '../provider/audit-request.ts';
import { requestState } from '../provider/request-state.ts';
import type { PresentedAccessToken } from '../provider/request-state.ts';
import { withManager } from '../storage/unit-of-work.ts';
import { isTokenRevoked, revoke } from './revoke.ts';

/**
 * The provider's storage of access tokens. They are JWTs and not stored: the one that a request presents is found by what
 * `recognize-access-token.ts` read in it, as long as it is not revoked.
 */
export class AccessTokenAdapter implements Adapter {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const presented = presentedToken();
    if (presented?.id !== id) return undefined;
    const { claims } = presented;
    const isRevoked = await withManager(this.#dataSource, (manager) => isTokenRevoked(manager, String(claims.jti)));
    return isRevoked ? undefined : payloadOf(presented);
  }

  /** The provider names it by its `jti`. */
  async destroy(jti: string): Promise<void> {
    const { ctx } = Provider;
    const presented = presentedToken();
    if (!ctx || presented?.claims.jti !== jti)
      throw new Error('An access token is revoked by the request that presents it.');
    const { exp, gid, sub } = presented.claims;
    const by = { ...whoAsked(ctx), ...(sub === undefined ? {} : { onBehalfOf: sub }), details: { gid } };
    const named = { kind: 'token', id: jti, tenant: defaultTenant, expiresAt: Number(exp) } as const;
    await withManager(this.#dataSource, (manager) => revoke(manager, { ...named, reason: 'revoked_by_client', by }));
  }

  /** Part of the end of a grant, which the storage of grants tells the gateways. */
  async revokeByGrantId(): Promise<void> {}

  async upsert(): Promise<void> {
    throw new Error('An access token is a JWT and never stored.');
  }

  async findByUid(): Promise<undefined> {
    return undefined;
  }

  async findByUserCode(): Promise<undefined> {
    return undefined;
  }

  async consume(): Promise<void> {
    throw new Error('An access token is never consumed.');
  }
}

function presentedToken(): PresentedAccessToken | undefined {
  const { ctx } = Provider;
  return ctx && requestState(ctx).accessToken;
}

function payloadOf({ claims }: PresentedAccessToken): AdapterPayload {
  const { jti, iat, exp, aud, sub, scope, client_id: clientId, gid } = claims;
  return { kind: 'AccessToken', jti, iat, exp, aud, accountId: sub, scope, clientId, grantId: gid } as AdapterPayload;
}
