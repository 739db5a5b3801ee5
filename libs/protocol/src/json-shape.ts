/** What one pass over the bytes of a JSON text tells before it is parsed. */
interface JsonShape {
  /** Deepest nesting of objects and arrays; the pass ends at the first byte that exceeds the limit. */
  depth: number;
  /** Names of members in all objects, repeated ones included. */
  members: number;
  /** Names of members of the outermost object. */
  outerMembers: number;
  /** Objects and arrays. */
  containers: number;
  /** Names and values. */
  strings: number;
}

/** Where the pass ends: what exceeds one of these is refused, so that nobody needs its exact measure. */
interface ShapeLimits {
  depth: number;
  members: number;
  containers: number;
  strings: number;
}

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;

/**
 * Measures nesting and counts members outside strings in one linear pass, because `JSON.parse` accepts any depth and
 * keeps the last of two members with one name. Whether the text is JSON at all is left to `JSON.parse`.
 */
export function measureJson(bytes: Uint8Array, limits: ShapeLimits): JsonShape {
  let nesting = 0;
  let depth = 0;
  let members = 0;
  let outerMembers = 0;
  let containers = 0;
  let strings = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] as number;
    if (byte === quote) {
      index = endOfString(bytes, index + 1);
      if (++strings > limits.strings) break;
    } else if (byte === colon) {
      members++;
      if (nesting === 1) outerMembers++;
      if (members > limits.members) break;
    } else if (byte === 0x7b || byte === 0x5b) {
      nesting++;
      containers++;
      if (nesting > depth) depth = nesting;
      if (depth > limits.depth || containers > limits.containers) break;
    } else if (byte === 0x7d || byte === 0x5d) {
      nesting--;
    }
  }
  return { depth, members, outerMembers, containers, strings };
}

function endOfString(bytes: Uint8Array, start: number): number {
  let index = start;
  while (index < bytes.length) {
    const byte = bytes[index];
    if (byte === quote) return index;
    index += byte === backslash ? 2 : 1;
  }
  return index;
}

/** Counts the members of a parsed value: fewer than `measureJson` counted means that a name was repeated. */
export function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') members += countMembers(item);
    return members;
  }
  const record = value as Record<string, unknown>;
  for (const name in record) {
    members++;
    const member = record[name];
    if (typeof member === 'object') members += countMembers(member);
  }
  return members;
}
