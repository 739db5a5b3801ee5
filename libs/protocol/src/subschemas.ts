import type { JsonSchema } from './definitions.ts';
import { isObject } from './envelope.ts';

/** Keywords of JSON Schema 2020-12 (and those of earlier drafts that it replaced) by what their value holds. */
const schemaKeywords = [
  'additionalItems',
  'additionalProperties',
  'contains',
  'contentSchema',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
];
const schemaListKeywords = ['allOf', 'anyOf', 'items', 'oneOf', 'prefixItems'];
const schemaMapKeywords = ['$defs', 'definitions', 'dependencies', 'dependentSchemas', 'patternProperties'];

/** One schema object inside a schema, the outermost included. */
interface Subschema {
  schema: JsonSchema;
  /** 1 for the outermost. */
  depth: number;
  /** Names of the nested `properties` that lead here; undefined when any other keyword is on the way. */
  path: readonly string[] | undefined;
}

/**
 * Every schema object inside a schema, without following references and without recursion, since schemas come from
 * others. What stands under other keywords (`default`, `enum`, unknown ones) is data.
 */
export function* subschemasOf(root: JsonSchema): Generator<Subschema> {
  const waiting: Subschema[] = [{ schema: root, depth: 1, path: [] }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    yield next;
    waiting.push(...childrenOf(next).toReversed());
  }
}

function childrenOf({ schema, depth, path }: Subschema): Subschema[] {
  const children: Subschema[] = [];
  const add = (value: unknown, childPath?: readonly string[]) => {
    if (isObject(value)) children.push({ schema: value, depth: depth + 1, path: childPath });
  };
  const { properties } = schema;
  if (isObject(properties))
    for (const [name, property] of Object.entries(properties)) add(property, path && [...path, name]);
  for (const keyword of schemaKeywords) add(schema[keyword]);
  for (const keyword of schemaListKeywords) {
    const list = schema[keyword];
    if (Array.isArray(list)) for (const item of list) add(item);
  }
  for (const keyword of schemaMapKeywords) {
    const map = schema[keyword];
    if (isObject(map)) for (const value of Object.values(map)) add(value);
  }
  return children;
}
