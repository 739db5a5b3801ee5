import type { ServerDefinitions } from '@gatehouse/protocol';

/** What a server owns of the space of URIs: one URI, or everything that begins with a prefix. */
export interface UriClaim {
  text: string;
  exact: boolean;
}

/**
 * The claims of a server (design §4): its declared prefixes, and whatever of its listed resources and templates those
 * do not cover, so that no other server can take a listed resource away.
 */
export function claimsOf(definitions: ServerDefinitions): UriClaim[] {
  const claims: UriClaim[] = definitions.uriPrefixes.map((text) => ({ text, exact: false }));
  const listed = [
    ...definitions.resourceTemplates.map(({ uriTemplate }) => ({ text: literalPrefix(uriTemplate), exact: false })),
    ...definitions.resources.map(({ uri }) => ({ text: uri, exact: true })),
  ];
  for (const claim of listed) if (!claims.some((owned) => covers(owned, claim))) claims.push(claim);
  return claims;
}

/** True when some URI would belong to both. */
export function overlap(a: UriClaim, b: UriClaim): boolean {
  return covers(a, b) || covers(b, a);
}

/** True when the claim owns the URI. */
export function owns(claim: UriClaim, uri: string): boolean {
  return claim.exact ? uri === claim.text : uri.startsWith(claim.text);
}

function covers(a: UriClaim, b: UriClaim): boolean {
  return a.exact ? b.exact && a.text === b.text : b.text.startsWith(a.text);
}

function literalPrefix(uriTemplate: string): string {
  const expression = uriTemplate.indexOf('{');
  return expression === -1 ? uriTemplate : uriTemplate.slice(0, expression);
}
