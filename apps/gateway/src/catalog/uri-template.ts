/** More expressions than any real template has; such a template matches nothing but is still listed. */
const maxExpressions = 16;

const slash = 0x2f;

type Part = { literal: string } | { crossesSlashes: boolean };

/** What a URI template matches. */
export interface TemplateMatcher {
  /** What everything that it matches begins with. */
  readonly prefix: string;
  /** How much work it is to match one URI, for each of its characters. */
  readonly parts: number;
  matches(uri: string): boolean;
}

/**
 * Matches URIs against a URI template (RFC 6570) without a regular expression, because templates come from workers: a
 * simple expression stands for text without `/`, one with an operator for any text. Names of variables do not matter
 * here; the worker extracts them.
 */
export function templateMatcher(uriTemplate: string): TemplateMatcher {
  const parts = parseTemplate(uriTemplate);
  const tooMany = parts.filter((part) => !('literal' in part)).length > maxExpressions;
  const [first] = parts;
  const prefix = first !== undefined && 'literal' in first ? first.literal : '';
  return { prefix, parts: parts.length, matches: (uri) => !tooMany && matches(parts, uri) };
}

function parseTemplate(uriTemplate: string): Part[] {
  return uriTemplate
    .split(/(\{[^{}]*\})/)
    .filter((text) => text !== '')
    .map((text) => (/^\{.*\}$/s.test(text) ? { crossesSlashes: /^[+#./;?&]/.test(text.slice(1)) } : { literal: text }));
}

/** Follows all possible positions at once, so that the work is bounded by parts times length. */
function matches(parts: Part[], uri: string): boolean {
  let positions = new Uint8Array(uri.length + 1);
  positions[0] = 1;
  for (const part of parts) {
    positions = 'literal' in part ? afterLiteral(part.literal, uri, positions) : afterText(part, uri, positions);
  }
  return positions[uri.length] === 1;
}

function afterLiteral(literal: string, uri: string, positions: Uint8Array): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(positions.length);
  for (let at = uri.indexOf(literal); at !== -1; at = uri.indexOf(literal, at + 1)) {
    if (positions[at] === 1) next[at + literal.length] = 1;
  }
  return next;
}

function afterText(
  { crossesSlashes }: { crossesSlashes: boolean },
  uri: string,
  positions: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(positions.length);
  let reachable = 0;
  for (let at = 0; at < positions.length; at++) {
    if (positions[at] === 1) reachable = 1;
    next[at] = reachable;
    if (!crossesSlashes && uri.charCodeAt(at) === slash) reachable = 0;
  }
  return next;
}
