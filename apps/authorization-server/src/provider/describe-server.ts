import type { Resources } from '../resources/resources.ts';
import { metadataPaths, routes } from './endpoints.ts';
import type { Step } from './request-state.ts';

const publicMaxAgeSeconds = 300;

/**
 * Says in the metadata (RFC 8414 §2) what holds here: the scopes of the resources, and codes in the query only. Metadata
 * and keys may be cached for a short time.
 */
export function describeServer(resources: Resources): Step {
  return async (ctx, next) => {
    await next();
    if (ctx.status !== 200) return;
    if (ctx.path === routes.jwks) ctx.set('cache-control', `public, max-age=${publicMaxAgeSeconds}`);
    if (!metadataPaths.includes(ctx.path)) return;
    ctx.set('cache-control', `public, max-age=${publicMaxAgeSeconds}`);
    const metadata = ctx.body as { scopes_supported?: string[] };
    ctx.body = {
      ...metadata,
      scopes_supported: [...resources.allScopes(), ...(metadata.scopes_supported ?? [])],
      response_modes_supported: ['query'],
    };
  };
}
