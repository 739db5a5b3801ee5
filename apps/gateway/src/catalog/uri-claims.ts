import type { ServerDefinitions } from '@gatehouse/protocol';

/** What a server owns of the space of URIs: one URI, or everything that begins with a prefix. */
interface UriClaim {
  text: string;
  exact: boolean;
}

/**
 * Claims of which no two share a URI, each with its owner. They are kept in order, so that the only claim that can
 * begin a text stands right before it, however many there are.
 */
export class UriClaims<Owner> {
  readonly #sorted: { claim: UriClaim; owner: Owner }[] = [];

  /** The owner of a claim that shares a URI with this one. */
  findOverlap(claim: UriClaim): Owner | undefined {
    const place = this.#placeOf(claim.text);
    const next = this.#sorted[place];
    if (next && (claim.exact ? next.claim.text === claim.text : next.claim.text.startsWith(claim.text))) {
      return next.owner;
    }
    const previous = this.#sorted[place - 1];
    return previous && !previous.claim.exact && claim.text.startsWith(previous.claim.text) ? previous.owner : undefined;
  }

  /** Who owns a URI. */
  ownerOf(uri: string): Owner | undefined {
    return this.findOverlap({ text: uri, exact: true });
  }

  /** Adds a claim; `findOverlap` must have found none. */
  add(claim: UriClaim, owner: Owner): void {
    this.#sorted.splice(this.#placeOf(claim.text), 0, { claim, owner });
  }

  /** Where the first claim stands whose text does not come before this one. */
  #placeOf(text: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle]?.claim.text ?? '') < text) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * The claims of a server (design §4), without what others of them cover: its declared prefixes and its listed
 * templates and resources, so that no other server can take a listed resource away.
 */
export function claimsOf(definitions: ServerDefinitions): UriClaim[] {
  const prefixes = [
    ...definitions.uriPrefixes,
    ...definitions.resourceTemplates.map(({ uriTemplate }) => literalPrefix(uriTemplate)),
  ].sort((a, b) => a.length - b.length);
  const candidates = [
    ...prefixes.map((text) => ({ text, exact: false })),
    ...definitions.resources.map(({ uri }) => ({ text: uri, exact: true })),
  ];
  const owned = new UriClaims<true>();
  return candidates.filter((claim) => {
    if (owned.findOverlap(claim)) return false;
    owned.add(claim, true);
    return true;
  });
}

function literalPrefix(uriTemplate: string): string {
  const expression = uriTemplate.indexOf('{');
  return expression === -1 ? uriTemplate : uriTemplate.slice(0, expression);
}
