import { hash } from 'node:crypto';
import { canonicalJson } from '@gatehouse/protocol';
import type { ServerDefinitions } from '@gatehouse/protocol';

/**
 * Content digest of a set of definitions: 160 bits of SHA-256 over its JSON with sorted keys, as 40 hexadecimal digits.
 * It is the identity of the set in the catalog and fits one token of a subject.
 * @throws RangeError when the content is nested deeper than 64 levels.
 */
export function definitionsDigest(definitions: ServerDefinitions): string {
  return hash('sha256', canonicalJson(definitions)).slice(0, 40);
}
