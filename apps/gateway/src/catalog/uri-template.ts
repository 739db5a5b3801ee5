/** More expressions than any real template has; such a template matches nothing but is still listed. */
const maxExpressions = 16;

type Part = { literal: string } | { crossesSlashes: boolean };

/**
 * Matches URIs against a URI template (RFC 6570) without a regular expression, because templates come from workers: a
 * simple expression stands for text without `/`, one with an operator for any text. Names of variables do not matter
 * here; the worker extracts them.
 */
export function templateMatcher(uriTemplate: string): (uri: string) => boolean {
  const parts = parseTemplate(uriTemplate);
  if (parts.filter((part) => !('literal' in part)).length > maxExpressions) return () => false;
  return (uri) => matches(parts, uri);
}

function parseTemplate(uriTemplate: string): Part[] {
  return uriTemplate
    .split(/(\{[^{}]*\})/)
    .filter((text) => text !== '')
    .map((text) => (/^\{.*\}$/s.test(text) ? { crossesSlashes: /^[+#./;?&]/.test(text.slice(1)) } : { literal: text }));
}

/** Follows all possible positions at once, so that the work is bounded by parts times length. */
function matches(parts: Part[], uri: string): boolean {
  let positions = new Set([0]);
  for (const part of parts) {
    const next = new Set<number>();
    if ('literal' in part) {
      for (const position of positions) {
        if (uri.startsWith(part.literal, position)) next.add(position + part.literal.length);
      }
    } else {
      let reachable = false;
      for (let position = 0; position <= uri.length; position++) {
        if (positions.has(position)) reachable = true;
        if (reachable) next.add(position);
        if (uri[position] === '/' && !part.crossesSlashes) reachable = false;
      }
    }
    positions = next;
  }
  return positions.has(uri.length);
}
