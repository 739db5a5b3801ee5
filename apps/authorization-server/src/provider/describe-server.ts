import { assertionAlgorithms } from '../clients/client-keys.ts';
import type { Resources } from '../resources/resources.ts';
import { metadataPaths, routes } from './endpoints.ts';
import type { Step } from './request-state.ts';

const metadataMaxAgeSeconds = 300;

/** `none` for those that register themselves; a pre-registered client or one with a document may have the others. */
const authenticationMethods = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'];

interface ProviderMetadata {
  scopes_supported?: string[];
  registration_endpoint?: string;
}

/**
 * Says in the metadata (RFC 8414 §2) what holds here: the scopes of the resources, codes in the query only, and every
 * way in which some client may authenticate: the official SDKs use none that is not listed. Metadata and keys may be
 * cached for a short time.
 */
export function describeServer(
  resources: Resources,
  options: { keySetMaxAgeSeconds: number; hasClientDocuments: boolean; hasRegistration: boolean },
): Step {
  return async (ctx, next) => {
    await next();
    if (ctx.status !== 200) return;
    if (ctx.path === routes.jwks) ctx.set('cache-control', `public, max-age=${options.keySetMaxAgeSeconds}`);
    if (!metadataPaths.includes(ctx.path)) return;
    ctx.set('cache-control', `public, max-age=${metadataMaxAgeSeconds}`);
    const { registration_endpoint: registration, ...metadata } = ctx.body as ProviderMetadata;
    ctx.body = {
      ...metadata,
      ...(options.hasRegistration ? { registration_endpoint: registration } : {}),
      ...authentication,
      // MCP 2026-07-28 Client Registration §Advertising CIMD Support
      client_id_metadata_document_supported: options.hasClientDocuments,
      scopes_supported: [...resources.allScopes(), ...(metadata.scopes_supported ?? [])],
      response_modes_supported: ['query'],
    };
  };
}

const authentication = Object.fromEntries(
  ['token', 'revocation', 'introspection'].flatMap((endpoint): [string, string[]][] => [
    [`${endpoint}_endpoint_auth_methods_supported`, authenticationMethods],
    [`${endpoint}_endpoint_auth_signing_alg_values_supported`, assertionAlgorithms],
  ]),
);
