import type { ClientMetadata, KoaContextWithOIDC } from 'oidc-provider';
import type { AuditEvent } from '../audit/audit-log.ts';
import { defaultTenant } from '../config.ts';
import { routes } from './endpoints.ts';
import { requestState } from './request-state.ts';

/** The security events of an answered request, but for what it revoked: `revoke` writes those. */
export function auditEventsOf(ctx: KoaContextWithOIDC): AuditEvent[] {
  return [...tokenEvents(ctx), ...authenticationEvents(ctx), ...registrationEvents(ctx)];
}

function tokenEvents(ctx: KoaContextWithOIDC): AuditEvent[] {
  if (ctx.path !== routes.token || ctx.method !== 'POST' || !ctx.oidc) return [];
  const grantType = ctx.oidc.params?.grant_type;
  if (ctx.status === 200) {
    const token = ctx.oidc.entities.AccessToken;
    const { withheldScopes = [] } = requestState(ctx);
    const details = {
      grantType,
      gid: token?.grantId,
      jti: token?.jti,
      resource: token?.aud,
      scope: token?.scope,
      ...(withheldScopes.length > 0 ? { withheldScopes } : {}),
    };
    return [{ ...whoAsked(ctx), type: 'token.issued', outcome: 'success', details }];
  }
  const { refusal } = requestState(ctx);
  return [
    {
      ...whoAsked(ctx),
      type: 'token.refused',
      outcome: 'failure',
      reason: refusal?.error ?? 'server_error',
      details: { grantType, detail: refusal?.error_detail ?? refusal?.error_description },
    },
  ];
}

/** A client that could not prove itself; at the token endpoint that is a refused token. */
function authenticationEvents(ctx: KoaContextWithOIDC): AuditEvent[] {
  const isAuthenticated =
    ctx.path === routes.revocation ||
    ctx.path === routes.introspection ||
    ctx.path === routes.pushed_authorization_request ||
    ctx.path.startsWith(`${routes.registration}/`);
  if (!isAuthenticated || ctx.status !== 401 || !ctx.oidc) return [];
  const { error: reason = 'invalid_client' } = (ctx.body ?? {}) as { error?: string };
  const details = { endpoint: ctx.oidc.route, detail: requestState(ctx).refusal?.error_detail };
  return [{ ...whoAsked(ctx), type: 'client_authentication.failed', outcome: 'failure', reason, details }];
}

function registrationEvents(ctx: KoaContextWithOIDC): AuditEvent[] {
  const type = registrationEventType(ctx);
  if (type === undefined) return [];
  const known = registrationDetails(ctx.oidc.client?.metadata());
  // The provider knows the client as it was when it authenticated; what it has become is the answer.
  const details =
    type === 'client.updated'
      ? { ...registrationDetails(ctx.body as Partial<ClientMetadata>), previous: known }
      : known;
  return [{ ...whoAsked(ctx), type, outcome: 'success', details }];
}

function registrationDetails(metadata: Partial<ClientMetadata> | undefined): Record<string, unknown> {
  return { clientName: metadata?.client_name, redirectUris: metadata?.redirect_uris };
}

function registrationEventType(ctx: KoaContextWithOIDC): string | undefined {
  if (ctx.path === routes.registration) return ctx.status === 201 ? 'client.registered' : undefined;
  if (!ctx.path.startsWith(`${routes.registration}/`)) return undefined;
  if (ctx.method === 'PUT' && ctx.status === 200) return 'client.updated';
  return ctx.method === 'DELETE' && ctx.status === 204 ? 'client.deleted' : undefined;
}

/** Who stands behind a request, as far as it has proved it. */
export function whoAsked(
  ctx: KoaContextWithOIDC,
): Pick<AuditEvent, 'tenantId' | 'actor' | 'onBehalfOf' | 'oauthClientId'> {
  // Absent for what no route of the provider takes, such as PUT /token.
  const accountId = ctx.oidc?.account?.accountId;
  const oauthClientId = ctx.oidc?.client?.clientId;
  return {
    tenantId: defaultTenant,
    ...(accountId === undefined ? {} : { onBehalfOf: accountId }),
    ...(oauthClientId === undefined ? {} : { actor: `client:${oauthClientId}`, oauthClientId }),
  };
}
