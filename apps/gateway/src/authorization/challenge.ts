import { HttpRefusal } from '../http-refusal.ts';

/** Parameters of a `Bearer` challenge (RFC 6750 §3, RFC 9728 §5.1). */
interface Challenge {
  error?: 'invalid_token' | 'insufficient_scope' | 'invalid_request';
  description?: string;
  scopes: readonly string[];
  metadataUrl: string;
}

/**
 * Length of a challenge's list of scopes. Clients and proxies give up on long headers (Node at 16 KiB for all of them, a
 * proxy's first buffer often at 4 KiB). The scopes of one call, which are at most 17, always fit.
 */
const maxScopesLength = 3 * 1024;

/** The scopes from the first on for which a challenge has room: what is beyond is asked for when a call needs it. */
export function scopesThatFit(scopes: readonly string[]): string[] {
  let room = maxScopesLength;
  const end = scopes.findIndex((scope) => (room -= scope.length + 1) < 0);
  return scopes.slice(0, end === -1 ? scopes.length : end);
}

/** 401: no token, or one that is not good here. RFC 6750 §3.1: without a token the challenge names no error. */
export function unauthorized(challenge: Challenge): HttpRefusal {
  return refusal(401, challenge);
}

/** 403: the token is good and its scopes are not enough; the challenge names all that the request needs. */
export function insufficientScope(scopes: readonly string[], metadataUrl: string): HttpRefusal {
  const description = 'The request needs scopes that the token does not carry';
  return refusal(403, { error: 'insufficient_scope', description, scopes, metadataUrl });
}

/** 400: the credentials are sent in a way that cannot be read (RFC 6750 §3.1 `invalid_request`). */
export function malformedCredentials(description: string, challenge: Omit<Challenge, 'error'>): HttpRefusal {
  return refusal(400, { ...challenge, error: 'invalid_request', description });
}

function refusal(status: number, challenge: Challenge): HttpRefusal {
  const { error, description, scopes, metadataUrl } = challenge;
  const parameters = [
    ...(error === undefined ? [] : [`error="${error}"`]),
    ...(description === undefined ? [] : [`error_description="${description}"`]),
    `scope="${scopesThatFit(scopes).join(' ')}"`,
    `resource_metadata="${metadataUrl}"`,
  ];
  return new HttpRefusal(status, description ?? 'An access token is needed', {
    headers: { 'www-authenticate': `Bearer ${parameters.join(', ')}` },
    body: { error: error ?? 'unauthorized', error_description: description ?? 'An access token is needed' },
  });
}
