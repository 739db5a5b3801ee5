import { errors } from 'oidc-provider';
import { isStorableId } from '../storage/stored-id.ts';
import { readClientKeys } from './client-keys.ts';
import { isClientSecret } from './client-secret.ts';
import { applyRegistrationPolicy, checkShownUri } from './registration-policy.ts';

/** How a pre-registered client proves itself at the token endpoint. */
export type ClientAuthentication =
  | { method: 'none' }
  /** Without `secret` one is made and told once. */
  | { method: 'client_secret_basic' | 'client_secret_post'; secret?: string }
  /** Either the keys themselves or where they are (https); `algorithm` holds the client to one. */
  | { method: 'private_key_jwt'; jwks?: unknown; jwksUri?: string; algorithm?: string };

/** What an operator says of a client. Redirect URIs are under the policy of dynamic registration. */
export interface ClientDefinition {
  clientName: string;
  redirectUris: string[];
  authentication: ClientAuthentication;
  /** https URLs that people are shown; the logo is fetched and served from here. */
  clientUri?: string;
  policyUri?: string;
  tosUri?: string;
  logoUri?: string;
}

/** A definition, or a name in it, that cannot be used. The message is a sentence for the operator. */
export class ClientDefinitionError extends Error {}

const shownUris = { client_uri: 'clientUri', policy_uri: 'policyUri', tos_uri: 'tosUri', logo_uri: 'logoUri' } as const;

/** @throws ClientDefinitionError for a client id that no client can be registered under. */
export function checkClientId(oauthClientId: string): void {
  if (!isStorableId(oauthClientId)) {
    throw new ClientDefinitionError('A client id has 1 to 256 visible ASCII characters.');
  }
}

/**
 * Client metadata with wire names (RFC 7591 §2) as the provider takes them, without the secret.
 * @throws ClientDefinitionError
 */
export function metadataOf(oauthClientId: string, definition: ClientDefinition): Record<string, unknown> {
  const { authentication, clientName, redirectUris } = definition;
  const shown = Object.entries(shownUris).flatMap(([name, property]) => {
    const uri = definition[property];
    if (uri === undefined) return [];
    const [checked] = checkShownUri(name, uri);
    if (!checked) throw new ClientDefinitionError(`${name} must be an https URL.`);
    return [checked];
  });
  try {
    if (clientName.trim() === '') throw new errors.InvalidClientMetadata('client_name is required');
    return {
      ...applyRegistrationPolicy({ client_name: clientName, redirect_uris: redirectUris }),
      ...Object.fromEntries(shown),
      client_id: oauthClientId,
      token_endpoint_auth_method: authentication.method,
      ...keysOf(authentication),
    };
  } catch (error) {
    if (!(error instanceof errors.OIDCProviderError)) throw error;
    throw new ClientDefinitionError(`${error.error_description ?? error.error}.`, { cause: error });
  }
}

/** @throws ClientDefinitionError for a secret that could be guessed. */
export function checkSecret(secret: string): void {
  if (!isClientSecret(secret)) {
    throw new ClientDefinitionError('A client secret has 32 to 256 visible ASCII characters, without spaces.');
  }
}

/** Reads client metadata with wire names; a secret is not among them. */
export function definitionOf(metadata: Record<string, unknown>): ClientDefinition {
  const method = (metadata['token_endpoint_auth_method'] ?? 'none') as ClientAuthentication['method'];
  const uris = Object.entries(shownUris).flatMap(([name, property]) => {
    const uri = metadata[name];
    return typeof uri === 'string' ? [[property, uri]] : [];
  });
  return {
    clientName: typeof metadata['client_name'] === 'string' ? metadata['client_name'] : '',
    redirectUris: (metadata['redirect_uris'] ?? []) as string[],
    authentication: method === 'private_key_jwt' ? { method, ...definedKeys(metadata) } : { method },
    ...(Object.fromEntries(uris) as Record<string, string>),
  };
}

function keysOf(authentication: ClientAuthentication): Record<string, unknown> {
  if (authentication.method !== 'private_key_jwt') return {};
  return readClientKeys({
    jwks: authentication.jwks,
    jwks_uri: authentication.jwksUri,
    token_endpoint_auth_signing_alg: authentication.algorithm,
  });
}

function definedKeys(metadata: Record<string, unknown>): { jwks?: unknown; jwksUri?: string; algorithm?: string } {
  const { jwks, jwks_uri: jwksUri, token_endpoint_auth_signing_alg: algorithm } = metadata;
  return {
    ...(jwks === undefined ? {} : { jwks }),
    ...(typeof jwksUri === 'string' ? { jwksUri } : {}),
    ...(typeof algorithm === 'string' ? { algorithm } : {}),
  };
}
