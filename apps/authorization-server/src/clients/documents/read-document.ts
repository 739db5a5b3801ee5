import { errors } from 'oidc-provider';
import { readClientKeys } from '../client-keys.ts';
import { applyRegistrationPolicy, checkShownUri } from '../registration-policy.ts';

/** Why a document is not accepted. */
export type DocumentFault =
  | 'not_an_object'
  | 'client_id_mismatch'
  | 'secret'
  | 'no_client_name'
  | 'auth_method'
  | 'keys'
  | 'metadata'
  | 'redirect_uri';

/** A document that was fetched and is not accepted. The message is for the client's developer. */
export class DocumentRefusal extends Error {
  readonly reason: DocumentFault;

  constructor(reason: DocumentFault, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Ways to authenticate that a document can offer here, the one that is taken without more first. */
const offeredMethods = ['none', 'private_key_jwt'] as const;
type OfferedMethod = (typeof offeredMethods)[number];

/** What is kept of a document: client metadata with wire names, and the ways in which the client may authenticate. */
export interface DocumentMetadata extends Record<string, unknown> {
  client_id: string;
  client_name: string;
  token_endpoint_auth_methods_supported: OfferedMethod[];
}

/**
 * Makes client metadata of a document under the policy of registration. `scope` is dropped, for it would be a ceiling to
 * every later step-up.
 * @throws DocumentRefusal
 */
export function readDocument(url: string, document: unknown): DocumentMetadata {
  if (document === null || typeof document !== 'object' || Array.isArray(document)) {
    throw new DocumentRefusal('not_an_object', 'the document must be a JSON object');
  }
  const claimed = document as Record<string, unknown>;
  if (claimed.client_id !== url) {
    throw new DocumentRefusal('client_id_mismatch', 'client_id in the document must equal the URL of the document');
  }
  if ('client_secret' in claimed || 'client_secret_expires_at' in claimed) {
    throw new DocumentRefusal('secret', 'the document is public and must not hold a secret');
  }
  if (typeof claimed.client_name !== 'string' || claimed.client_name.trim() === '') {
    throw new DocumentRefusal('no_client_name', 'client_name is required');
  }
  const methods = authMethods(claimed);
  const { token_endpoint_auth_method: _, ...metadata } = underPolicy(claimed);
  return {
    ...metadata,
    ...Object.fromEntries(checkShownUri('logo_uri', claimed.logo_uri)),
    client_id: url,
    client_name: claimed.client_name,
    token_endpoint_auth_methods_supported: methods,
    ...(methods.includes('private_key_jwt') ? keysOf(claimed) : {}),
  };
}

/**
 * The client as this request needs it. A document may offer two ways to authenticate (OpenID Connect RP Metadata
 * Choices): who presents an assertion is held to it, who does not is a public client.
 */
export function clientMetadata(
  document: DocumentMetadata,
  request: { presentsAssertion: boolean },
): Record<string, unknown> & { client_id: string } {
  const {
    token_endpoint_auth_methods_supported: methods,
    jwks,
    jwks_uri: jwksUri,
    token_endpoint_auth_signing_alg: algorithm,
    ...metadata
  } = document;
  const provesItself = methods.includes('private_key_jwt') && (request.presentsAssertion || !methods.includes('none'));
  if (!provesItself) return { ...metadata, token_endpoint_auth_method: 'none' };
  return {
    ...metadata,
    token_endpoint_auth_method: 'private_key_jwt',
    ...(jwks === undefined ? { jwks_uri: jwksUri } : { jwks }),
    ...(algorithm === undefined ? {} : { token_endpoint_auth_signing_alg: algorithm }),
  };
}

/** One document serves every authorization server, so what it lists beyond our grants and responses is passed over. */
function underPolicy(claimed: Record<string, unknown>): Record<string, unknown> {
  const { grant_types: grantTypes, response_types: responseTypes, token_endpoint_auth_method: _, ...rest } = claimed;
  try {
    return applyRegistrationPolicy({
      ...rest,
      ...onlyOurs('grant_types', grantTypes, ['authorization_code', 'refresh_token']),
      ...onlyOurs('response_types', responseTypes, ['code']),
    });
  } catch (error) {
    if (!(error instanceof errors.OIDCProviderError)) throw error;
    const reason = error.error === 'invalid_redirect_uri' ? 'redirect_uri' : 'metadata';
    throw new DocumentRefusal(reason, error.error_description ?? error.error);
  }
}

function onlyOurs(name: string, values: unknown, ours: string[]): Record<string, unknown> {
  if (!Array.isArray(values)) return values === undefined ? {} : { [name]: values };
  const [needed] = ours;
  if (!values.includes(needed)) throw new DocumentRefusal('metadata', `${name} must hold ${needed}`);
  return { [name]: values.filter((value) => ours.includes(value as string)) };
}

/** The method that the document prefers, and those that it also can (the first is optional beside the second). */
function authMethods(claimed: Record<string, unknown>): OfferedMethod[] {
  const { token_endpoint_auth_method: preferred, token_endpoint_auth_methods_supported: choices } = claimed;
  if (choices !== undefined && !Array.isArray(choices)) {
    throw new DocumentRefusal('auth_method', 'token_endpoint_auth_methods_supported must be an array');
  }
  const named = [...(preferred === undefined ? [] : [preferred]), ...((choices as unknown[] | undefined) ?? [])];
  if (named.some((method) => typeof method === 'string' && method.startsWith('client_secret_'))) {
    throw new DocumentRefusal('secret', 'a client that a document describes cannot authenticate with a secret');
  }
  const methods = offeredMethods.filter((method) => (named.length === 0 ? method === 'none' : named.includes(method)));
  if (methods.length === 0) {
    throw new DocumentRefusal('auth_method', 'token_endpoint_auth_method must be none or private_key_jwt');
  }
  return methods;
}

function keysOf(claimed: Record<string, unknown>): Record<string, unknown> {
  try {
    return readClientKeys(claimed);
  } catch (error) {
    if (!(error instanceof errors.InvalidClientMetadata)) throw error;
    throw new DocumentRefusal('keys', error.error_description ?? error.error);
  }
}
