import { ContextMisuseError } from '../errors.ts';

/**
 * A copy of a value as the next round will see it.
 * @throws ContextMisuseError for what JSON would change or lose, such as a date: a fault of the handler
 */
export function toJsonValue(value: unknown, owner: string): unknown {
  const foreign = findForeign(value, '');
  if (foreign !== undefined) throw new ContextMisuseError(`${owner} returned ${foreign}: return what JSON can hold.`);
  return JSON.parse(JSON.stringify(value));
}

/** Deeper values are refused: no message may be nested deeper, and circles end here. */
const maxDepth = 60;

function findForeign(value: unknown, path: string, depth = 0): string | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number' && Number.isFinite(value)) return undefined;
  const place = path === '' ? '' : ` at ${path}`;
  if (typeof value !== 'object') return `a ${typeof value}${place}`;
  if (depth >= maxDepth) return `a value nested deeper than ${maxDepth}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) {
    return `a ${value.constructor.name}${place}`;
  }
  for (const [key, member] of Object.entries(value)) {
    // JSON leaves such a member out, which is what it means.
    if (member === undefined && !Array.isArray(value)) continue;
    const found = findForeign(member, path === '' ? key : `${path}.${key}`, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
