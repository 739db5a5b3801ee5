import { registeredAuthMethods } from '../clients/registration-policy.ts';
import type { Resources } from '../resources/resources.ts';
import { metadataPaths, routes } from './endpoints.ts';
import type { Step } from './request-state.ts';

const metadataMaxAgeSeconds = 300;

interface ProviderMetadata {
  scopes_supported?: string[];
  token_endpoint_auth_signing_alg_values_supported?: string[];
}

/**
 * Says in the metadata (RFC 8414 §2) what holds here: the scopes of the resources, codes in the query only, and of the
 * ways to authenticate what a client that reads this can have. A confidential client is registered beforehand by an
 * operator, who tells it its method. Metadata and keys may be cached for a short time.
 */
export function describeServer(resources: Resources, keySetMaxAgeSeconds: number): Step {
  return async (ctx, next) => {
    await next();
    if (ctx.status !== 200) return;
    if (ctx.path === routes.jwks) ctx.set('cache-control', `public, max-age=${keySetMaxAgeSeconds}`);
    if (!metadataPaths.includes(ctx.path)) return;
    ctx.set('cache-control', `public, max-age=${metadataMaxAgeSeconds}`);
    const { token_endpoint_auth_signing_alg_values_supported: _, ...metadata } = ctx.body as ProviderMetadata;
    ctx.body = {
      ...metadata,
      token_endpoint_auth_methods_supported: registeredAuthMethods,
      revocation_endpoint_auth_methods_supported: registeredAuthMethods,
      introspection_endpoint_auth_methods_supported: registeredAuthMethods,
      scopes_supported: [...resources.allScopes(), ...(metadata.scopes_supported ?? [])],
      response_modes_supported: ['query'],
    };
  };
}
