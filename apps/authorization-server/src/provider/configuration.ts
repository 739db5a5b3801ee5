import { ScopeHierarchy } from '@gatehouse/auth';
import { errors } from 'oidc-provider';
import type { Account, Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import type { Accounts } from '../accounts/accounts.ts';
import { findAccount } from '../accounts/find-account.ts';
import type { BoundedAudit } from '../audit/bounded-audit.ts';
import { defaultTenant } from '../config.ts';
import type { ClientDocuments } from '../clients/documents/client-documents.ts';
import { fetchKeySet } from '../clients/outbound/fetch-key-set.ts';
import type { OutboundFetch } from '../clients/outbound/outbound-fetch.ts';
import type { Settings } from '../config.ts';
import type { Admission } from '../interactions/admission.ts';
import { interactionPolicy } from '../interactions/interaction-policy.ts';
import { loadExistingGrant } from '../interactions/load-existing-grant.ts';
import type { ServerSecrets } from '../keys/server-secrets.ts';
import { signingAlgorithmOf } from '../keys/signing-algorithm.ts';
import type { SigningAlgorithm } from '../keys/signing-algorithm.ts';
import type { Resources } from '../resources/resources.ts';
import { sessionLifetime } from '../sessions/session-lifetime.ts';
import { createAdapter } from '../storage/provider-adapter.ts';
import { routes } from './endpoints.ts';
import {
  accessTokenLifetimeSeconds,
  authorizationCodeLifetimeSeconds,
  grantLifetimeSeconds,
  idTokenLifetimeSeconds,
  interactionLifetimeSeconds,
  refreshTokenIdleSeconds,
} from './lifetimes.ts';
import { rotateRefreshToken } from './refresh-rotation.ts';
import { requestState } from './request-state.ts';
import { resourceServerInfo } from './resource-server-info.ts';

/** What the provider is configured from. */
export interface ProviderParts {
  dataSource: DataSource;
  audit: BoundedAudit;
  settings: Settings;
  secrets: ServerSecrets;
  resources: Resources;
  outbound: OutboundFetch;
  /** Undefined when clients may not be described by metadata documents. */
  documents: ClientDocuments | undefined;
  accounts: Accounts;
  admission: Admission;
  renderError: NonNullable<Configuration['renderError']>;
}

/** The provider as MCP needs it: OAuth 2.1 with code and refresh grants, nothing of OpenID Connect beyond ID tokens. */
export function providerConfiguration(parts: ProviderParts): Configuration {
  const { dataSource, settings, secrets } = parts;
  const issuer = new URL(settings.AUTH_ISSUER);
  const signingAlgorithm = signingAlgorithmOf(secrets.signingKeys);
  return {
    adapter: createAdapter(dataSource, {
      graceSeconds: settings.AUTH_REFRESH_GRACE_SECONDS,
      hasClientDocuments: parts.documents !== undefined,
    }),
    jwks: { keys: secrets.signingKeys },
    routes,
    cookies: cookies(secrets, issuer.protocol === 'https:'),
    responseTypes: ['code'],
    scopes: ['openid'],
    pkce: { required: () => true },
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    clientDefaults: {
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      id_token_signed_response_alg: signingAlgorithm,
    },
    assertJwtClientAuthClaimsAndHeader,
    rotateRefreshToken: rotateRefreshToken(dataSource),
    issueRefreshToken: async (_ctx, oauthClient) => oauthClient.grantTypeAllowed('refresh_token'),
    expiresWithSession: async () => false,
    loadExistingGrant,
    findAccount: findAccount(parts.accounts),
    extraTokenClaims: claimsOfToken,
    interactions: {
      policy: interactionPolicy(parts.admission),
      url: (_ctx, interaction) => `${issuer.pathname.replace(/\/$/, '')}/interaction/${interaction.uid}`,
    },
    renderError: parts.renderError,
    clientBasedCORS: () => true,
    fetch: fetchKeySet(parts.outbound),
    ttl: lifetimes(),
    features: features(parts, signingAlgorithm),
  };
}

function cookies(secrets: ServerSecrets, isHttps: boolean): Configuration['cookies'] {
  const options = { signed: true, httpOnly: true, sameSite: 'lax', secure: isHttps } as const;
  return {
    keys: secrets.cookieKeys,
    // RFC 6265bis §4.1.3: `__Host-` asks for the path `/`; the cookies of one interaction have a narrower one.
    names: isHttps
      ? {
          session: '__Host-gatehouse_session',
          interaction: '__Secure-gatehouse_interaction',
          resume: '__Secure-gatehouse_resume',
        }
      : { session: 'gatehouse_session', interaction: 'gatehouse_interaction', resume: 'gatehouse_resume' },
    long: options,
    short: options,
  };
}

function lifetimes(): Configuration['ttl'] {
  return {
    // No token outlives its grant, however late it was refreshed.
    AccessToken: (ctx) => Math.min(accessTokenLifetimeSeconds, secondsLeftOf(ctx.oidc.entities.Grant)),
    AuthorizationCode: () => authorizationCodeLifetimeSeconds,
    Grant: () => grantLifetimeSeconds,
    IdToken: () => idTokenLifetimeSeconds,
    Interaction: () => interactionLifetimeSeconds,
    // Each use begins another idle time, the first issue counts for the end.
    RefreshToken: (_ctx, token) =>
      Math.max(1, Math.min(refreshTokenIdleSeconds, grantLifetimeSeconds - token.totalLifetime())),
    Session: (_ctx, session) => sessionLifetime(session.loginTs),
  };
}

function features(
  { dataSource, resources, settings }: ProviderParts,
  signingAlgorithm: SigningAlgorithm,
): Configuration['features'] {
  const hierarchy = new ScopeHierarchy(settings.GATEWAY_SCOPE_HIERARCHY);
  return {
    devInteractions: { enabled: false },
    // The provider connects before it looks at the address; documents are learnt in clients/documents.
    clientIdMetadataDocument: { enabled: false },
    dPoP: { enabled: false },
    pushedAuthorizationRequests: { enabled: true, allowUnregisteredRedirectUris: false },
    rpInitiatedLogout: { enabled: false },
    userinfo: { enabled: false },
    introspection: { enabled: true, allowedPolicy: async (_ctx, oauthClient, token) => isOwnToken(oauthClient, token) },
    revocation: { enabled: true, allowedPolicy: async (_ctx, oauthClient, token) => isOwnToken(oauthClient, token) },
    registration: { enabled: true },
    registrationManagement: { enabled: true, rotateRegistrationAccessToken: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: async (_ctx, _client, oneOf) => oneOf ?? resources.uriOf(),
      useGrantedResource: async () => true,
      getResourceServerInfo: resourceServerInfo({ dataSource, resources, hierarchy, signingAlgorithm }),
    },
  };
}

function secondsLeftOf(grant: { exp?: number | undefined } | undefined): number {
  if (grant?.exp === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(1, grant.exp - Math.floor(Date.now() / 1_000));
}

function isOwnToken(oauthClient: { clientId: string }, token: { clientId?: string | undefined }): boolean {
  return token.clientId === oauthClient.clientId;
}

/** RFC 7523bis: the issuer is the one audience; the token endpoint's URL would follow from the Host header. */
async function assertJwtClientAuthClaimsAndHeader(
  ctx: KoaContextWithOIDC,
  claims: Record<string, unknown>,
): Promise<void> {
  if (claims.aud !== ctx.oidc.issuer) throw new errors.InvalidClientAuth('aud must equal the issuer identifier');
}

/**
 * Beside the claims of RFC 9068: the grant for revocation, the tenant, the roles of the account, and what scopes that have
 * changed still open.
 */
async function claimsOfToken(ctx: KoaContextWithOIDC, token: object): Promise<Record<string, unknown>> {
  const account: (Account & { tenantId?: string; roles?: string[] }) | undefined = ctx.oidc.account;
  const { grantId } = token as { grantId?: string };
  const { partialScopes = {} } = requestState(ctx);
  return {
    gid: grantId,
    tenant: account?.tenantId ?? defaultTenant,
    roles: account?.roles ?? [],
    ...(Object.keys(partialScopes).length > 0 ? { partial_scopes: partialScopes } : {}),
  };
}
