import { isOpenToBrowserClients } from './endpoints.ts';
import type { Step } from './request-state.ts';

const preflightMaxAgeSeconds = 3_600;

/**
 * CORS for MCP clients that run in a browser. Any origin may ask, for these endpoints act on what the request holds and
 * never on a cookie; credentials are therefore not allowed.
 */
export const allowBrowserClients: Step = async (ctx, next) => {
  if (!isOpenToBrowserClients(ctx.path)) return next();
  ctx.set('access-control-allow-origin', '*');
  ctx.set('access-control-expose-headers', 'WWW-Authenticate, Retry-After');
  ctx.set('cross-origin-resource-policy', 'cross-origin');
  if (ctx.method !== 'OPTIONS') {
    // The provider has a CORS of its own, which would refuse origins that no redirect URI of the client has.
    delete ctx.req.headers.origin;
    return next();
  }
  ctx.set('access-control-allow-methods', 'GET, POST, PUT, DELETE');
  ctx.set('access-control-allow-headers', 'Authorization, Content-Type, MCP-Protocol-Version');
  ctx.set('access-control-max-age', String(preflightMaxAgeSeconds));
  ctx.status = 204;
};
