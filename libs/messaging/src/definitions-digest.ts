import { hash } from 'node:crypto';
import type { ServerDefinitions } from '@gatehouse/protocol';

/** Deeper content is refused before anything walks it. */
const maxDepth = 64;

/**
 * Content digest of a set of definitions: 160 bits of SHA-256 over its JSON with sorted keys, as 40 hexadecimal digits.
 * It is the identity of the set in the catalog and fits one token of a subject.
 * @throws RangeError when the content is nested deeper than 64 levels.
 */
export function definitionsDigest(definitions: ServerDefinitions): string {
  return hash('sha256', canonicalJson(definitions, 0)).slice(0, 40);
}

function canonicalJson(value: unknown, depth: number): string {
  if (depth > maxDepth) throw new RangeError(`definitions are nested deeper than ${maxDepth} levels`);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, depth + 1)).join(',')}]`;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member, depth + 1)}`);
  return `{${members.join(',')}}`;
}
