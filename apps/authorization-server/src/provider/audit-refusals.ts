import { errors } from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { AuditEvent } from '../audit/audit-log.ts';
import type { BoundedAudit } from '../audit/bounded-audit.ts';
import { defaultTenant } from '../config.ts';
import { isAuthorizationRequest, routes } from './endpoints.ts';
import { requestState } from './request-state.ts';
import type { Step } from './request-state.ts';

type Refusal = Pick<AuditEvent, 'type' | 'reason' | 'details'>;

/**
 * Writes what is refused without anybody having proved who they are: registrations, authorization requests, and whatever
 * a step refuses before the provider sees it. What the provider refuses at its other endpoints, `keepTogether` writes.
 */
export function auditRefusals(audit: BoundedAudit): Step {
  return async (ctx, next) => {
    let cause: errors.OIDCProviderError | undefined;
    try {
      await next();
      if (ctx.status >= 400) cause = requestState(ctx).refusal;
    } catch (error) {
      if (error instanceof errors.OIDCProviderError && error.expose) cause = error;
      throw error;
    } finally {
      const refusal = cause && (await refusalOf(ctx, cause));
      if (refusal) await audit.record({ ...refusal, ...whoIsKnown(ctx), tenantId: defaultTenant, outcome: 'failure' });
    }
  };
}

/** The details are what PostgreSQL can store; what is refused before the provider sees it may hold a NUL. */
async function refusalOf(ctx: KoaContextWithOIDC, cause: errors.OIDCProviderError): Promise<Refusal | undefined> {
  const { path, method } = ctx;
  const { error: reason, error_description: description, error_detail: detail = description } = cause;
  if (path === routes.registration) return method === 'POST' ? { type: 'client.refused', reason } : undefined;
  const requestedClientId = below(routes.registration, path);
  if (requestedClientId !== undefined) {
    // A wrong registration access token is a failed authentication.
    if (method !== 'PUT' || cause.statusCode === 401) return undefined;
    return { type: 'client.refused', reason, details: { requestedClientId } };
  }
  if (path === routes.token) return ctx.oidc ? undefined : { type: 'token.refused', reason, details: { detail } };
  const interactionUid = below(routes.authorization, path);
  if (interactionUid !== undefined && cause instanceof errors.SessionNotFound) {
    // As at the pages: one that is over says nothing of the browser.
    const existing = await ctx.oidc.provider.Interaction.find(interactionUid);
    return existing && { type: 'interaction.refused', reason: 'other_browser' };
  }
  // Whoever pushes a request authenticates: `keepTogether` writes that it failed.
  const isUnauthenticated = path === routes.pushed_authorization_request && cause.statusCode === 401;
  if (isUnauthenticated || (!isAuthorizationRequest(path) && interactionUid === undefined)) return undefined;
  return { type: 'authorization.refused', reason, details: { ...requestedAnswer(ctx), detail } };
}

function below(route: string, path: string): string | undefined {
  return path.startsWith(`${route}/`) ? path.slice(route.length + 1, route.length + 256) : undefined;
}

/** Who asked for an answer to where, as the request says. */
function requestedAnswer(ctx: KoaContextWithOIDC): Record<string, unknown> {
  const { client_id: requestedClientId, redirect_uri: redirectUri } = ctx.oidc?.params ?? {};
  return { requestedClientId: shortened(requestedClientId), redirectUri: shortened(redirectUri) };
}

function shortened(parameter: unknown): string | undefined {
  return typeof parameter === 'string' ? parameter.slice(0, 2_048).toWellFormed() : undefined;
}

function whoIsKnown(ctx: KoaContextWithOIDC): Pick<AuditEvent, 'oauthClientId'> {
  const oauthClientId = ctx.oidc?.client?.clientId;
  return oauthClientId === undefined ? {} : { oauthClientId };
}
