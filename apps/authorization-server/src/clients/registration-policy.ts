import { errors } from 'oidc-provider';
import { refuseRedirectUri } from './redirect-uri-policy.ts';

const allowedGrantTypes = new Set(['authorization_code', 'refresh_token']);
const maxRedirectUris = 10;
const maxNameLength = 200;

/** Metadata that is kept for people to see; everything else that a client says of itself is ignored. */
const shownUris = ['client_uri', 'policy_uri', 'tos_uri'] as const;

/**
 * What dynamic registration makes of a client's metadata (RFC 7591 §2: the server may replace what was asked for): a
 * public client, protected by PKCE and its redirect URI, with code and refresh grants. `scope` is dropped, for it would be
 * a ceiling to every later step-up; so are keys, logos and every other URL that a server would have to fetch.
 * @throws InvalidClientMetadata, InvalidRedirectUri as RFC 7591 §3.2.2 names them.
 */
export function applyRegistrationPolicy(requested: Record<string, unknown>): Record<string, unknown> {
  return {
    application_type: 'native',
    token_endpoint_auth_method: checkAuthMethod(requested.token_endpoint_auth_method),
    grant_types: checkGrantTypes(requested.grant_types),
    response_types: checkResponseTypes(requested.response_types),
    redirect_uris: checkRedirectUris(requested.redirect_uris),
    ...checkName(requested.client_name),
    ...Object.fromEntries(shownUris.flatMap((name) => checkShownUri(name, requested[name]))),
  };
}

/** SDKs ask for the secret methods when they could store a secret; a public client with PKCE serves them as well. */
function checkAuthMethod(method: unknown): 'none' {
  const known = ['none', 'client_secret_basic', 'client_secret_post'];
  if (method === undefined || known.includes(method as string)) return 'none';
  throw new errors.InvalidClientMetadata('token_endpoint_auth_method must be none');
}

function checkGrantTypes(grantTypes: unknown): string[] {
  if (grantTypes === undefined) return [...allowedGrantTypes];
  if (!isStringArray(grantTypes) || !grantTypes.every((type) => allowedGrantTypes.has(type))) {
    throw new errors.InvalidClientMetadata('grant_types may hold authorization_code and refresh_token only');
  }
  // A client that forgot the refresh grant would be logged out every five minutes.
  return [...allowedGrantTypes];
}

function checkResponseTypes(responseTypes: unknown): string[] {
  const codeOnly = isStringArray(responseTypes) && responseTypes.every((type) => type === 'code');
  if (responseTypes === undefined || codeOnly) return ['code'];
  throw new errors.InvalidClientMetadata('response_types may hold code only');
}

function checkRedirectUris(uris: unknown): string[] {
  if (!isStringArray(uris) || uris.length === 0 || uris.length > maxRedirectUris) {
    throw new InvalidRedirectUriMetadata(`redirect_uris must be an array of 1 to ${maxRedirectUris} URIs`);
  }
  for (const uri of uris) {
    const reason = refuseRedirectUri(uri);
    if (reason !== undefined) throw new InvalidRedirectUriMetadata(`redirect_uris: each ${reason}`);
  }
  return [...new Set(uris)];
}

function checkName(name: unknown): { client_name?: string } {
  if (name === undefined) return {};
  const shown =
    typeof name === 'string' && name.length <= maxNameLength && name.isWellFormed() && !/\p{Cc}/u.test(name);
  if (!shown) {
    throw new errors.InvalidClientMetadata(`client_name must be a line of at most ${maxNameLength} characters`);
  }
  return name === '' ? {} : { client_name: name };
}

/** A URL that people may be shown or led to, as an entry of the metadata; none for anything but https. */
export function checkShownUri(name: string, uri: unknown): [string, string][] {
  const shown = typeof uri === 'string' && /^https:\/\/[\x21-\x7e]{1,2048}$/.test(uri) && URL.canParse(uri);
  return shown ? [[name, uri]] : [];
}

function isStringArray(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** RFC 7591 §3.2.2 `invalid_redirect_uri`; the provider's error of that name is worded for the authorization endpoint. */
class InvalidRedirectUriMetadata extends errors.CustomOIDCProviderError {
  constructor(description: string) {
    super('invalid_redirect_uri', description);
  }
}
