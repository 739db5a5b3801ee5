import { signingAlgorithms } from '../clients/documents/read-document.ts';
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
 * ways to authenticate what a client that reads this can have: by a key that its metadata document names, or not at all.
 * A confidential client otherwise is registered beforehand by an operator, who tells it its method. Metadata and keys may
 * be cached for a short time.
 */
export function describeServer(
  resources: Resources,
  { keySetMaxAgeSeconds, hasClientDocuments }: { keySetMaxAgeSeconds: number; hasClientDocuments: boolean },
): Step {
  return async (ctx, next) => {
    await next();
    if (ctx.status !== 200) return;
    if (ctx.path === routes.jwks) ctx.set('cache-control', `public, max-age=${keySetMaxAgeSeconds}`);
    if (!metadataPaths.includes(ctx.path)) return;
    ctx.set('cache-control', `public, max-age=${metadataMaxAgeSeconds}`);
    const { token_endpoint_auth_signing_alg_values_supported: _, ...metadata } = ctx.body as ProviderMetadata;
    ctx.body = {
      ...metadata,
      ...authMethods(hasClientDocuments),
      scopes_supported: [...resources.allScopes(), ...(metadata.scopes_supported ?? [])],
      response_modes_supported: ['query'],
    };
  };
}

function authMethods(hasClientDocuments: boolean): Record<string, unknown> {
  const methods = hasClientDocuments ? [...registeredAuthMethods, 'private_key_jwt'] : registeredAuthMethods;
  return Object.fromEntries([
    ...['token', 'revocation', 'introspection'].flatMap((endpoint): [string, unknown][] => [
      [`${endpoint}_endpoint_auth_methods_supported`, methods],
      ...(hasClientDocuments
        ? [[`${endpoint}_endpoint_auth_signing_alg_values_supported`, signingAlgorithms] as [string, unknown]]
        : []),
    ]),
    // MCP 2026-07-28 Client Registration §Advertising CIMD Support
    ['client_id_metadata_document_supported', hasClientDocuments],
  ]);
}
