import { errors } from 'oidc-provider';

/** With which a client may sign what proves it; the provider's own list without symmetric ones. */
export const assertionAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];

/** RFC 7517 §4, RFC 7518 §6: what a public key consists of. */
const keyMembers = new Set(['kty', 'use', 'alg', 'kid', 'crv', 'x', 'y', 'n', 'e']);

/**
 * The metadata of the keys that a client proves itself with (`private_key_jwt`): either `jwks` or an https `jwks_uri`, and
 * the algorithm if it names one.
 * @throws InvalidClientMetadata saying what is wrong with them.
 */
export function readClientKeys(claimed: Record<string, unknown>): Record<string, unknown> {
  const { jwks, jwks_uri: jwksUri, token_endpoint_auth_signing_alg: algorithm } = claimed;
  const hasUri =
    typeof jwksUri === 'string' && /^https:\/\/[\x21-\x7e]{1,2048}$/.test(jwksUri) && URL.canParse(jwksUri);
  if ((jwks === undefined) === (jwksUri === undefined) || (jwks === undefined && !hasUri)) {
    throw new errors.InvalidClientMetadata('private_key_jwt needs either jwks or an https jwks_uri');
  }
  if (algorithm !== undefined && !assertionAlgorithms.includes(algorithm as string)) {
    const choices = assertionAlgorithms.join(', ');
    throw new errors.InvalidClientMetadata(`token_endpoint_auth_signing_alg must be one of ${choices}`);
  }
  return {
    ...(jwks === undefined ? { jwks_uri: jwksUri } : { jwks: publicKeySet(jwks) }),
    ...(algorithm === undefined ? {} : { token_endpoint_auth_signing_alg: algorithm }),
  };
}

/** The keys without anything that no signature needs; certificates are not looked at. */
function publicKeySet(jwks: unknown): { keys: Record<string, string>[] } {
  const { keys } = (jwks ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys) || keys.length === 0) throw noPublicKeys();
  return { keys: keys.map(publicKey) };
}

function publicKey(key: unknown): Record<string, string> {
  if (key === null || typeof key !== 'object' || 'd' in key) throw noPublicKeys();
  const members = Object.entries(key).filter(([name]) => keyMembers.has(name));
  const isText = members.every(([, value]) => typeof value === 'string' && /^[\x20-\x7e]+$/.test(value));
  const kept = Object.fromEntries(members) as Record<string, string>;
  if (!isText || !['EC', 'RSA', 'OKP'].includes(kept['kty'] ?? '')) throw noPublicKeys();
  return kept;
}

function noPublicKeys(): errors.InvalidClientMetadata {
  return new errors.InvalidClientMetadata('jwks must hold public keys, and nothing else');
}
