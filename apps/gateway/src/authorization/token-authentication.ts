import type { IncomingMessage } from 'node:http';
import {
  AccessTokenVerifier,
  InvalidTokenError,
  IssuerKeySet,
  KeySetUnavailableError,
  readBearerToken,
  ScopeHierarchy,
} from '@gatehouse/auth';
import type { InvalidTokenReason } from '@gatehouse/auth';
import type { Principal } from '@gatehouse/protocol';
import type { Logger } from '@gatehouse/runtime';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Catalog } from '../catalog/catalog.ts';
import type { CatalogEndpoint } from '../catalog/resolution.ts';
import type { GatewaySettings } from '../config.ts';
import { HttpRefusal } from '../http-refusal.ts';
import { PublicUrls } from '../public-urls.ts';
import { LOGGER, SETTINGS } from '../injection-tokens.ts';
import { tokenVerifications } from '../telemetry/token-metrics.ts';
import { malformedCredentials, unauthorized } from './challenge.ts';
import { logKeySetLoaded, logKeySetUnreachable, logTokenRefused } from './events.ts';
import { EndpointScopes } from './endpoint-scopes.ts';
import { Revocations } from './revocations.ts';

/** Turns the credentials of a request into the principal that it speaks for. */
@Injectable()
export class TokenAuthentication implements OnModuleInit, OnApplicationShutdown {
  readonly #logger: Logger;
  readonly #urls: PublicUrls;
  readonly #catalog: Catalog;
  readonly #scopes: EndpointScopes;
  readonly #revocations: Revocations;
  readonly #keySet: IssuerKeySet;
  readonly #verifier: AccessTokenVerifier;

  constructor(
    @Inject(SETTINGS) settings: GatewaySettings,
    @Inject(LOGGER) logger: Logger,
    urls: PublicUrls,
    catalog: Catalog,
    scopes: EndpointScopes,
    revocations: Revocations,
  ) {
    const issuer = settings.AUTH_ISSUER;
    this.#logger = logger;
    this.#urls = urls;
    this.#catalog = catalog;
    this.#scopes = scopes;
    this.#revocations = revocations;
    this.#keySet = new IssuerKeySet(issuer, {
      onLoaded: ({ keyIds }) => logKeySetLoaded(logger, { issuer, keyIds }),
      onFailed: (err) => logKeySetUnreachable(logger, { issuer, err, keysInUse: this.#keySet.loaded }),
    });
    this.#verifier = new AccessTokenVerifier(
      issuer,
      this.#keySet,
      new ScopeHierarchy(settings.GATEWAY_SCOPE_HIERARCHY),
    );
  }

  /** The issuer may start later than the gateway: nothing waits for its keys but readiness. */
  onModuleInit(): void {
    void this.#keySet.start();
    this.#revocations.follow((keySet) => this.#keySet.receive(keySet));
  }

  onApplicationShutdown(): void {
    this.#keySet.close();
  }

  /** True once the issuer's keys are known. */
  get ready(): boolean {
    return this.#keySet.loaded;
  }

  /**
   * The principal of a request to an endpoint that exists.
   * @throws HttpRefusal 401, 400, 404 for a server that does not exist, 503 before the issuer's keys are known
   */
  async authenticate(
    request: IncomingMessage,
    endpoint: CatalogEndpoint,
    query: string | undefined,
  ): Promise<Principal> {
    const bearer = readBearerToken(request.rawHeaders, query);
    if (bearer.kind === 'none') throw unauthorized(this.#challengeOf(endpoint));
    if (bearer.kind === 'malformed') throw malformedCredentials(bearer.reason, this.#challengeOf(endpoint));
    const audience = this.#urls.resourceOf(endpoint);
    const known = this.#verifier.findVerified(bearer.token, audience);
    if (known !== undefined) tokenVerifications.add(1, ['cached', '']);
    const principal = known ?? (await this.#verify(bearer.token, endpoint, audience));
    if (this.#revocations.isRevoked(principal)) throw this.#refusalOf('revoked', endpoint);
    if (endpoint.kind === 'server' && this.#catalog.server(principal.tenant, endpoint.server) === undefined)
      throw noSuchServer();
    return principal;
  }

  /**
   * To be asked when the message has come, which may be long after its head.
   * @throws HttpRefusal 401 for a token that was revoked meanwhile, JsonRpcError -31009 when nobody can say
   */
  confirm(principal: Principal, endpoint: CatalogEndpoint): void {
    this.#revocations.requireKnown();
    if (this.#revocations.isRevoked(principal)) throw this.#refusalOf('revoked', endpoint);
  }

  async #verify(token: string, endpoint: CatalogEndpoint, audience: string): Promise<Principal> {
    try {
      const principal = await this.#verifier.verify(token, audience);
      tokenVerifications.add(1, ['verified', '']);
      return principal;
    } catch (error) {
      if (error instanceof KeySetUnavailableError)
        throw new HttpRefusal(503, 'the issuer of access tokens is not reachable yet', {
          headers: { 'retry-after': '2' },
        });
      if (!(error instanceof InvalidTokenError)) throw error;
      if (error.reason === 'audience' && endpoint.kind === 'server') await this.#checkExistence(token, endpoint.server);
      throw this.#refusalOf(error.reason, endpoint);
    }
  }

  #refusalOf(reason: InvalidTokenReason, endpoint: CatalogEndpoint): HttpRefusal {
    tokenVerifications.add(1, ['refused', reason]);
    logTokenRefused(this.#logger, { reason, audience: this.#urls.resourceOf(endpoint) });
    return unauthorized({
      ...this.#challengeOf(endpoint),
      error: 'invalid_token',
      description: 'The access token is not valid here',
    });
  }

  /**
   * Nobody can hold a token for a server that does not exist; whoever holds one for another resource of this gateway
   * hears 404 instead of a challenge that cannot be met.
   */
  async #checkExistence(token: string, server: string): Promise<void> {
    const audiences = [
      { kind: 'aggregate' } as const,
      ...this.#catalog.servers('default').map(({ name }) => ({ kind: 'server', server: name }) as const),
    ];
    const principal = await this.#verifier
      .verifyForAny(
        token,
        audiences.map((endpoint) => this.#urls.resourceOf(endpoint)),
      )
      .catch((error: unknown) => {
        if (error instanceof InvalidTokenError) return undefined;
        throw error;
      });
    if (principal !== undefined && this.#catalog.server(principal.tenant, server) === undefined) throw noSuchServer();
  }

  #challengeOf(endpoint: CatalogEndpoint) {
    return { scopes: this.#scopes.scopesOf(endpoint), metadataUrl: this.#urls.metadataUrlOf(endpoint) };
  }
}

function noSuchServer(): HttpRefusal {
  return new HttpRefusal(404, 'there is no such server');
}
