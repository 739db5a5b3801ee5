/** What the request says about its credentials. */
type BearerToken =
  | { kind: 'none' }
  | { kind: 'token'; token: string }
  /** RFC 6750 §3.1 `invalid_request`: repeated, malformed or sent in more than one way. */
  | { kind: 'malformed'; reason: string };

// RFC 6750 §2.1: b64token, after a case-insensitive scheme (RFC 9110 §11.1).
const bearer = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/**
 * Reads the access token of a request. It stands in the `Authorization` header and nowhere else (MCP 2026-07-28
 * Authorization §Token Requirements).
 * @param rawHeaders names and values in turn, as node:http delivers them: its parsed headers hide a second field.
 */
export function readBearerToken(rawHeaders: readonly string[], query: string | undefined): BearerToken {
  let header: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length !== 13 || name.toLowerCase() !== 'authorization') continue;
    if (header !== undefined) return { kind: 'malformed', reason: 'two Authorization headers' };
    header = rawHeaders[index + 1] as string;
  }
  if (query !== undefined && new URLSearchParams(query).has('access_token'))
    return { kind: 'malformed', reason: 'access token in the query' };
  if (header === undefined) return { kind: 'none' };
  const token = bearer.exec(header)?.[1];
  if (token !== undefined) return { kind: 'token', token };
  return /^bearer\b/i.test(header) ? { kind: 'malformed', reason: 'not a bearer token' } : { kind: 'none' };
}
