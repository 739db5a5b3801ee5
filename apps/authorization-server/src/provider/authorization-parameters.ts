import type { ParsedUrlQuery } from 'node:querystring';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { routes } from './endpoints.ts';
import { requestState } from './request-state.ts';

/**
 * The parameters of an authorization request, from the query or, when the client pushes them itself (RFC 9126 §2.1), from
 * the form; undefined for a request of another kind.
 */
export function authorizationParameters(ctx: KoaContextWithOIDC): ParsedUrlQuery | undefined {
  if (ctx.path === routes.authorization) return ctx.query;
  return ctx.path === routes.pushed_authorization_request ? requestState(ctx).form : undefined;
}

/** Puts others in their place. */
export function setAuthorizationParameters(ctx: KoaContextWithOIDC, parameters: ParsedUrlQuery): void {
  if (ctx.path === routes.authorization) ctx.query = parameters;
  else requestState(ctx).form = parameters;
}
