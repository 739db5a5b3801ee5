import { describe, expect, it } from 'vitest';
import { findSchemaFault } from './schema-limits.ts';

type Schema = Record<string, unknown>;

const nest = (levels: number, wrap: (inner: Schema) => Schema): Schema => {
  let schema: Schema = {};
  for (let level = 1; level < levels; level++) schema = wrap(schema);
  return schema;
};
const properties = (count: number) => ({
  properties: Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, {}])),
});
const padded = (bytes: number): Schema => {
  const empty = { description: '' };
  return { description: 'x'.repeat(bytes - JSON.stringify(empty).length) };
};

/** Every keyword that holds schemas, so that none is a way around the limits. */
const keywords: [string, (inner: Schema) => Schema][] = [
  ...['additionalItems', 'additionalProperties', 'contains', 'contentSchema', 'else', 'if', 'items', 'not'].map(one),
  ...['propertyNames', 'then', 'unevaluatedItems', 'unevaluatedProperties'].map(one),
  ...['allOf', 'anyOf', 'items', 'oneOf', 'prefixItems'].map(listed),
  ...['$defs', 'definitions', 'dependencies', 'dependentSchemas', 'patternProperties', 'properties'].map(named),
];

function one(keyword: string): [string, (inner: Schema) => Schema] {
  return [keyword, (inner) => ({ [keyword]: inner })];
}

function listed(keyword: string): [string, (inner: Schema) => Schema] {
  return [`${keyword} as a list`, (inner) => ({ [keyword]: [true, inner] })];
}

function named(keyword: string): [string, (inner: Schema) => Schema] {
  return [keyword, (inner) => ({ [keyword]: { x: inner, y: true } })];
}

describe('a schema of a tool', () => {
  it.each<[string, Schema]>([
    ['an empty one', {}],
    ['32 levels', nest(32, (inner) => ({ not: inner }))],
    ['1,000 subschemas', properties(999)],
    ['65,536 bytes', padded(65_536)],
    ['a reference to a definition inside', { $defs: { a: {} }, $ref: '#/$defs/a' }],
    ['a reference to itself', { properties: { next: { $ref: '#' } } }],
    ['an anchor', { $defs: { a: { $anchor: 'a' } }, $ref: '#a' }],
    ['a reference to an identifier inside', { $defs: { a: { $id: 'urn:a' } }, $ref: 'urn:a#/x' }],
    ['what looks like a reference and is data', { default: { $ref: 'https://example.com' }, const: { $ref: 7 } }],
    ['a property that is named like a keyword', { properties: { $ref: { type: 'string' } } }],
    ['its dialect', { $schema: 'https://json-schema.org/draft/2020-12/schema' }],
  ])('is accepted with %s', (_what, schema) => {
    expect(findSchemaFault(schema)).toBeUndefined();
  });

  it.each<[string, Schema]>([
    ['1,001 subschemas', properties(1_000)],
    ['more than 65,536 bytes', padded(65_537)],
    ['a reference to the network', { $ref: 'https://example.com/schema.json' }],
    ['a reference to a file', { properties: { a: { $ref: 'other.json#/a' } } }],
    ['a dynamic reference to the network', { items: { $dynamicRef: 'http://169.254.169.254/' } }],
    ['a reference to an identifier that is data', { default: { $id: 'urn:a' }, $ref: 'urn:a' }],
    ['a reference that is no text', { $ref: { toString: 'x' } }],
  ])('is refused with %s', (_what, schema) => {
    expect(findSchemaFault(schema)).toBeTypeOf('string');
  });

  it.each(keywords)('is refused beyond 32 levels of %s', (_keyword, wrap) => {
    expect(findSchemaFault(nest(32, wrap))).toBeUndefined();
    expect(findSchemaFault(nest(33, wrap))).toBe('is nested deeper than 32 levels');
  });

  it('is looked at in no time, however it is nested', () => {
    const startedAt = performance.now();
    findSchemaFault(nest(100_000, (inner) => ({ anyOf: [inner, inner, inner, { $ref: '#' }] })));
    expect(performance.now() - startedAt).toBeLessThan(250);
  });
});
