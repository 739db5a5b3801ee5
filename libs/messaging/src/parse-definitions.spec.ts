import type { ServerDefinitions } from '@gatehouse/protocol';
import { StartError } from '@gatehouse/runtime';
import { describe, expect, it } from 'vitest';
import { findFaults, parseServerDefinitions } from './parse-definitions.ts';

const inputSchema = { type: 'object' };
const good: ServerDefinitions = {
  server: 'files',
  version: '1.0.0',
  completions: true,
  logging: false,
  uriPrefixes: ['files:///'],
  tools: [
    {
      name: 'text.search',
      inputSchema,
      annotations: { readOnlyHint: true },
      gatehouse: { timeoutMs: 1_000, scopes: ['files:search'] },
    },
  ],
  resources: [{ uri: 'files:///a', name: 'a' }],
  resourceTemplates: [{ uriTemplate: 'files:///{+path}', name: 'file' }],
  prompts: [{ name: 'summarize', arguments: [{ name: 'path', required: true }] }],
};

function deep(levels: number): Record<string, unknown> {
  let schema: Record<string, unknown> = {};
  for (let level = 0; level < levels; level++) schema = { not: schema };
  return schema;
}

const refused: [string, unknown][] = [
  ['no object', 'definitions'],
  ['nothing', null],
  ['an empty object', {}],
  ['a server name with an underscore', { ...good, server: 'my_files' }],
  ['a server name in upper case', { ...good, server: 'Files' }],
  ['a server name of 25 characters', { ...good, server: 'a'.repeat(25) }],
  ['a server name with a wildcard', { ...good, server: '*' }],
  ['a tool without a schema', { ...good, tools: [{ name: 'a' }] }],
  ['a tool whose schema is no object', { ...good, tools: [{ name: 'a', inputSchema: 'object' }] }],
  ['a tool without a name', { ...good, tools: [{ name: '', inputSchema }] }],
  ['a tool name of 129 characters', { ...good, tools: [{ name: 'a'.repeat(129), inputSchema }] }],
  ['a tool name with a line break', { ...good, tools: [{ name: 'a\r\nb', inputSchema }] }],
  ['a tool name with a lone surrogate', { ...good, tools: [{ name: 'a\ud800', inputSchema }] }],
  ['two tools of one name', { ...good, tools: [good.tools[0], good.tools[0]] }],
  ['1,001 tools', { ...good, tools: Array.from({ length: 1_001 }, (_, n) => ({ name: `t${n}`, inputSchema })) }],
  ['a hint that is no boolean', { ...good, tools: [{ name: 'a', inputSchema, annotations: { readOnlyHint: 'yes' } }] }],
  ['a negative timeout', { ...good, tools: [{ name: 'a', inputSchema, gatehouse: { timeoutMs: -1 } }] }],
  ['a scope of another server', { ...good, tools: [{ name: 'a', inputSchema, gatehouse: { scopes: ['mail:read'] } }] }],
  ['the scope mcp', { ...good, tools: [{ name: 'a', inputSchema, gatehouse: { scopes: ['mcp'] } }] }],
  ['a scope with a space', { ...good, tools: [{ name: 'a', inputSchema, gatehouse: { scopes: ['files:a b'] } }] }],
  ['a URI prefix without a scheme', { ...good, uriPrefixes: ['/'] }],
  ['an empty URI prefix', { ...good, uriPrefixes: [''] }],
  ['a resource whose URI is relative', { ...good, resources: [{ uri: 'a', name: 'a' }] }],
  ['a template that could be any URI', { ...good, resourceTemplates: [{ uriTemplate: '{+uri}', name: 'all' }] }],
  ['more than a mebibyte', { ...good, instructions: 'x', tools: bigTools() }],
];

function bigTools() {
  return Array.from({ length: 100 }, (_, n) => ({ name: `t${n}`, inputSchema, description: 'x'.repeat(16_000) }));
}

describe('definitions of a server', () => {
  it('are accepted when they keep to the rules, unknown fields included', () => {
    expect(findFaults({ ...good, tools: [{ ...good.tools[0], somethingNew: 1 }] })).toEqual([]);
    expect(parseServerDefinitions(good)).toBe(good);
  });

  it.each(refused)('are refused: %s', (_, definitions) => {
    expect(findFaults(definitions)).not.toEqual([]);
    expect(() => parseServerDefinitions(definitions)).toThrow(StartError);
  });

  it('are refused when they are nested deeper than 64 levels', () => {
    const nested = (levels: number) => ({ ...good, tools: [{ ...good.tools[0], _meta: deep(levels) }] });
    expect(findFaults(nested(100))).not.toEqual([]);
    expect(findFaults(nested(10_000))).not.toEqual([]);
    expect(findFaults(nested(50))).toEqual([]);
  });

  it.each([['inputSchema'], ['outputSchema']])(
    'are refused by name for an %s beyond the limits of schemas',
    (field) => {
      const withSchema = (schema: object) => ({ ...good, tools: [{ name: 'a', inputSchema, [field]: schema }] });
      expect(findFaults(withSchema(deep(31)))).toEqual([]);
      expect(findFaults(withSchema(deep(32)))).toEqual([`${field} of tool a is nested deeper than 32 levels`]);
      expect(findFaults(withSchema({ $ref: 'https://example.com/schema' }))).toEqual([
        `${field} of tool a refers to https://example.com/schema, which is not inside it`,
      ]);
    },
  );
});
