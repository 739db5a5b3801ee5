/** One line of the hierarchy: whoever has the broader scope has the narrower one. `*` is any server, the same on both sides. */
interface Implication {
  broader: string;
  narrower: string;
}

// RFC 6749 §3.3: a scope token has neither white space nor quotes. The comma separates entries.
const pattern = /^([\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+)\s+>\s+([\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+)$/;
const anyServer = /^\*:/;

/**
 * Which scopes imply which (MCP 2026-07-28 Authorization §Step-Up Authorization Flow: servers account for hierarchies when
 * they decide whether a token is sufficient).
 */
export class ScopeHierarchy {
  readonly #implications: readonly Implication[];

  /**
   * @param entries each `broader > narrower`, such as `files:admin > files:write` or, for every server, `*:write > *:read`.
   * @throws RangeError for an entry that `isEntry` does not accept.
   */
  constructor(entries: readonly string[]) {
    this.#implications = entries.map((entry) => {
      const implication = parse(entry);
      if (!implication) throw new RangeError(`not an entry of a hierarchy of scopes: ${entry}`);
      return implication;
    });
  }

  /** True for what can be said in a hierarchy. */
  static isEntry(text: string): boolean {
    return parse(text) !== undefined;
  }

  /** The scopes with all that they imply, which come after them. */
  expand(scopes: readonly string[]): string[] {
    const expanded = new Set(scopes);
    if (this.#implications.length === 0) return [...expanded];
    // A set hands out what is added while it is walked: implications of implications follow by themselves.
    for (const scope of expanded) for (const implied of this.#impliedBy(scope)) expanded.add(implied);
    return [...expanded];
  }

  /**
   * The same for scopes that are held in part, each with the tools that it does not open. Those stay out of what it
   * implies, for the issuer leaves out of a scope what is new anywhere below it.
   */
  expandPartial(partialScopes: Record<string, string[]>): Record<string, string[]> {
    const expanded = new Map<string, Set<string>>();
    for (const [broader, closedTools] of Object.entries(partialScopes)) {
      for (const scope of this.expand([broader])) {
        expanded.set(scope, new Set([...(expanded.get(scope) ?? []), ...closedTools]));
      }
    }
    return Object.fromEntries([...expanded].map(([scope, closedTools]) => [scope, [...closedTools]]));
  }

  #impliedBy(scope: string): string[] {
    const server = scope.slice(0, Math.max(0, scope.indexOf(':')));
    return this.#implications.flatMap(({ broader, narrower }) => {
      if (!anyServer.test(broader)) return broader === scope ? [narrower] : [];
      const isMatch = server !== '' && broader.replace('*', server) === scope;
      return isMatch ? [narrower.replace(anyServer, `${server}:`)] : [];
    });
  }
}

function parse(entry: string): Implication | undefined {
  const [, broader, narrower] = pattern.exec(entry) ?? [];
  if (broader === undefined || narrower === undefined) return undefined;
  // A `*` that stands for nothing on the broader side would open every server.
  if (anyServer.test(narrower) && !anyServer.test(broader)) return undefined;
  const hasStrayWildcard = [broader, narrower].some((scope) => scope.replace(anyServer, '').includes('*'));
  return hasStrayWildcard ? undefined : { broader, narrower };
}
