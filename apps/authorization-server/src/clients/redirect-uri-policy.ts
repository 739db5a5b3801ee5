/**
 * Private schemes that may be registered, as exact redirect URIs. Cursor registers this one beside loopback ones.
 * Deviation: from https and loopback only (docs/decisions/0009).
 */
const allowedPrivateUris = new Set(['cursor://anysphere.cursor-mcp/oauth/callback']);

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Says why a redirect URI may not be registered; undefined when it may: https, http on loopback (RFC 8252 §7.3), or an
 * allow-listed private scheme.
 */
export function refuseRedirectUri(uri: string): string | undefined {
  if (allowedPrivateUris.has(uri)) return undefined;
  // The URL parser forgives white space, control characters and backslashes; a redirect URI must not need forgiving.
  if (!/^[\x21-\x5b\x5d-\x7e]{1,2048}$/.test(uri) || !URL.canParse(uri)) return 'must be an absolute URI';
  if (uri.includes('#')) return 'must not have a fragment (RFC 6749 §3.1.2)';
  const url = new URL(uri);
  if (url.protocol === 'https:') return refuseAuthority(url) ?? refuseLoopbackHttps(url);
  if (url.protocol === 'http:') {
    if (!loopbackHosts.has(url.hostname)) return 'may use http on a loopback address only';
    return refuseAuthority(url);
  }
  return 'must use https, or http on a loopback address';
}

function refuseAuthority(url: URL): string | undefined {
  return url.username !== '' || url.password !== '' ? 'must not name a user' : undefined;
}

function refuseLoopbackHttps(url: URL): string | undefined {
  return loopbackHosts.has(url.hostname) ? 'must use http, not https, on a loopback address' : undefined;
}
