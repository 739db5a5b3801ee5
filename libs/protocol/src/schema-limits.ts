import type { JsonSchema } from './definitions.ts';
import { subschemasOf } from './subschemas.ts';

/** What a schema of a tool may be, so that nobody who validates with it can be exhausted by it. */
const schemaLimits = { maxBytes: 64 * 1024, maxDepth: 32, maxSubschemas: 1_000 } as const;

/**
 * Why a schema is refused; undefined when it keeps the limits (MCP 2026-07-28 §Composition-Keyword Resource Use) and needs
 * nothing from the network (§`$ref` Resolution). `$ref` may name a place in the schema itself or an `$id` inside it.
 */
export function findSchemaFault(schema: JsonSchema): string | undefined {
  const { maxBytes, maxDepth, maxSubschemas } = schemaLimits;
  let count = 0;
  const referenced = new Set<string>();
  const embedded = new Set<unknown>();
  for (const { schema: subschema, depth } of subschemasOf(schema)) {
    if (++count > maxSubschemas) return `has more than ${maxSubschemas} subschemas`;
    if (depth > maxDepth) return `is nested deeper than ${maxDepth} levels`;
    embedded.add(subschema.$id);
    for (const reference of [subschema.$ref, subschema.$dynamicRef]) {
      if (reference === undefined) continue;
      if (typeof reference !== 'string') return 'has a $ref that is no text';
      referenced.add(reference);
    }
  }
  for (const reference of referenced) {
    const [document = ''] = reference.split('#', 1);
    if (document !== '' && !embedded.has(document))
      return `refers to ${reference.slice(0, 200)}, which is not inside it`;
  }
  // Last, for only now is it known to be shallow enough to be written.
  return Buffer.byteLength(JSON.stringify(schema)) > maxBytes ? `is larger than ${maxBytes} bytes` : undefined;
}
