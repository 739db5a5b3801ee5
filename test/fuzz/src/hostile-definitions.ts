import type { ServerDefinitions } from '@gatehouse/protocol';

/** The server that the definitions are announced for. */
export const hostileServer = 'hostile';

type Tool = ServerDefinitions['tools'][number];

const honest: ServerDefinitions = {
  server: hostileServer,
  version: '1.0.0',
  completions: true,
  logging: true,
  uriPrefixes: [],
  tools: [],
  resources: [],
  resourceTemplates: [],
  prompts: [],
};

/** One tool with such a schema. */
function withSchema(inputSchema: object, count = 1): object {
  const tools = Array.from({ length: count }, (_, index): Tool => ({
    name: `tool-${index}`,
    inputSchema: inputSchema as Tool['inputSchema'],
  }));
  return { ...honest, tools };
}

function nested(depth: number, wrap: (inner: object) => object): object {
  let schema: object = { type: 'string' };
  for (let level = 0; level < depth; level++) schema = wrap(schema);
  return { type: 'object', properties: { a: schema } };
}

/** Each definition refers twice to the next one: a reader that follows every reference never comes to an end. */
function doubling(levels: number): object {
  const definitions = Array.from({ length: levels }, (_, level) => {
    const $ref = `#/$defs/d${level + 1}`;
    return [`d${level}`, { anyOf: [{ $ref }, { $ref }, { allOf: [{ $ref }, { $ref }] }] }] as const;
  });
  return { type: 'object', $ref: '#/$defs/d0', $defs: Object.fromEntries([...definitions, [`d${levels}`, {}]]) };
}

const many = <Item>(length: number, item: (index: number) => Item): Item[] =>
  Array.from({ length }, (_, index) => item(index));
const object = (properties: object) => ({ type: 'object', properties });

/**
 * What a worker that is broken, or not ours any more, may announce. Texts instead of objects are announced as they are.
 * @param trap URL that nobody may fetch
 */
export function hostileDefinitions(trap: string): Record<string, object | string> {
  const long = 'x'.repeat(900);
  return {
    'alternatives that double': withSchema(doubling(30)),
    'alternatives that double, in many tools': withSchema(doubling(20), 50),
    'a schema that refers to itself': withSchema({ type: 'object', $ref: '#' }),
    'references in a circle': withSchema({
      type: 'object',
      $ref: '#/$defs/a',
      $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } },
    }),
    'a reference into the network': withSchema({ type: 'object', $ref: `${trap}/schema.json` }),
    'a schema that names another dialect': withSchema({ $schema: `${trap}/dialect`, type: 'object' }),
    'a reference to a file': withSchema({ type: 'object', $ref: 'file:///etc/passwd' }),
    'a pattern that backtracks': withSchema(object({ a: { type: 'string', pattern: '^(a+)+$' } })),
    'a pattern that is none': withSchema(object({ a: { type: 'string', pattern: '(((((' } })),
    'pattern properties that backtrack': withSchema({ type: 'object', patternProperties: { '^(x|x)*$': {} } }),
    'depth 63': withSchema(nested(29, (items) => ({ type: 'array', items }))),
    'depth 200': withSchema(nested(200, (items) => ({ type: 'array', items }))),
    'depth 10,000': withSchema(nested(5_000, (items) => ({ type: 'array', items }))),
    'depth 200,000, as text': `{"tenant":"default","definitions":${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}}`,
    'ten thousand properties': withSchema(
      object(Object.fromEntries(many(10_000, (index) => [`p${index}`, { type: 'string' }]))),
    ),
    'an enumeration of 900 KB': withSchema(object({ a: { enum: many(900, (index) => `${index}${long}`) } })),
    'a thousand tools': withSchema(object({ a: { type: 'string', description: long.slice(0, 500) } }), 1_000),
    'ten thousand tools': withSchema({ type: 'object' }, 10_000),
    'tools of one name': { ...honest, tools: many(1_000, () => ({ name: 'same', inputSchema: { type: 'object' } })) },
    'a thousand header annotations': withSchema(
      object(
        Object.fromEntries(many(1_000, (index) => [`p${index}`, { type: 'string', 'x-mcp-header': `H${index}` }])),
      ),
    ),
    'a header annotation that ends the line': withSchema(
      object({ a: { type: 'string', 'x-mcp-header': 'A\r\nB: c' } }),
    ),
    'header annotations of one name': withSchema(
      object({ a: { type: 'string', 'x-mcp-header': 'A' }, b: { type: 'string', 'x-mcp-header': 'a' } }),
    ),
    'a schema that is no schema': withSchema({ type: 7, properties: [null], required: {}, items: 'x' }),
    'keys of the prototype': `{"tenant":"default","definitions":${JSON.stringify({ ...honest, tools: [] }).replace('"tools":[]', '"tools":[{"name":"a","inputSchema":{"type":"object","properties":{"__proto__":{"x":1},"constructor":{"prototype":{"polluted":true}}}},"__proto__":{"polluted":true}}],"__proto__":{"polluted":true}')}}`,
    'names of the prototype': {
      ...honest,
      tools: ['__proto__', 'constructor', 'toString', 'hasOwnProperty'].map((name) => ({
        name,
        inputSchema: { type: 'object' },
      })),
    },
    'names in other scripts and directions': {
      ...honest,
      tools: ['\u202etool', '\u{1f600}'.repeat(60), '\u0000', '../..', 'a__b', ' '].map((name) => ({
        name,
        inputSchema: {},
      })),
    },
    'templates that match slowly': {
      ...honest,
      resourceTemplates: many(1_000, (index) => ({
        name: `t${index}`,
        uriTemplate: `hostile:///${'{+a}x'.repeat(15)}{+b}y${index}`,
      })),
    },
    'a thousand long URIs with one beginning': {
      ...honest,
      resources: many(900, (index) => ({ name: `r${index}`, uri: `hostile:///${long}${index}` })),
    },
    'URIs of others': {
      ...honest,
      uriPrefixes: ['ledger:', 'a:', 'http:'],
      resources: [{ name: 'state', uri: 'ledger://state' }],
    },
    'another server': { ...honest, server: 'ledger' },
    'another tenant': `{"tenant":"*","definitions":${JSON.stringify(honest)}}`,
    'no object': '[1,2,3]',
    'no JSON': '{"tenant":"default",',
    'numbers beyond all numbers': `{"tenant":"default","definitions":${JSON.stringify(honest).replace('"1.0.0"', '1e999')}}`,
  };
}
