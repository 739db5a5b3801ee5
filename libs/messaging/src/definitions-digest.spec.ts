import type { ServerDefinitions } from '@gatehouse/protocol';
import { describe, expect, it } from 'vitest';
import { definitionsDigest } from './definitions-digest.ts';

const definitions: ServerDefinitions = {
  server: 'files',
  version: '1.0.0',
  completions: false,
  logging: false,
  uriPrefixes: [],
  tools: [{ name: 'read', description: 'Reads.', inputSchema: { type: 'object', properties: { path: {} } } }],
  resources: [],
  resourceTemplates: [],
  prompts: [],
};

describe('definitionsDigest', () => {
  it('is one token of a subject', () => {
    expect(definitionsDigest(definitions)).toMatch(/^[0-9a-f]{40}$/);
  });

  it('does not depend on the order of keys, nor on whether the definitions have travelled', () => {
    const { server, ...rest } = definitions;
    expect(definitionsDigest({ ...rest, server })).toBe(definitionsDigest(definitions));
    expect(definitionsDigest(JSON.parse(JSON.stringify(definitions)) as ServerDefinitions)).toBe(
      definitionsDigest(definitions),
    );
  });

  it.each<[string, Partial<ServerDefinitions>]>([
    ['a description', { tools: [{ name: 'read', description: 'Reads!', inputSchema: {} }] }],
    ['the version', { version: '1.0.1' }],
    ['the order of tools', { tools: [...definitions.tools, { name: 'a', inputSchema: {} }].reverse() }],
  ])('changes with %s', (_, change) => {
    expect(definitionsDigest({ ...definitions, ...change })).not.toBe(definitionsDigest(definitions));
  });

  it('refuses content that is nested without end', () => {
    let schema: Record<string, unknown> = {};
    for (let depth = 0; depth < 10_000; depth++) schema = { not: schema };
    expect(() => definitionsDigest({ ...definitions, tools: [{ name: 'a', inputSchema: schema }] })).toThrow(
      RangeError,
    );
  });
});
