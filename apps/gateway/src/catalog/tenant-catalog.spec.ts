import type { ServerDefinitions } from '@gatehouse/protocol';
import { describe, expect, it } from 'vitest';
import type { ClaimingServer } from './aggregate.ts';
import type { CatalogEndpoint } from './resolution.ts';
import { TenantCatalog } from './tenant-catalog.ts';

const all: CatalogEndpoint = { kind: 'aggregate' };
const only = (server: string): CatalogEndpoint => ({ kind: 'server', server });
const inputSchema = { type: 'object' };

function server(name: string, claimedAt: number, changes: Partial<ServerDefinitions> = {}): ClaimingServer {
  const definitions: ServerDefinitions = {
    server: name,
    version: '1',
    completions: false,
    logging: false,
    uriPrefixes: [],
    tools: [],
    resources: [],
    resourceTemplates: [],
    prompts: [],
    ...changes,
  };
  return { name, digest: `digest-of-${name}`, claimedAt, definitions };
}

describe('names', () => {
  const catalog = new TenantCatalog([
    server('files', 1, {
      tools: [
        { name: 'read', inputSchema, gatehouse: { timeoutMs: 5 } },
        { name: 'text.search', inputSchema },
        { name: 'n'.repeat(58), inputSchema },
        { name: 'n'.repeat(57), inputSchema },
      ],
      prompts: [{ name: 'summarize' }, { name: 'sum up' }],
    }),
    server('mail', 2, { tools: [{ name: 'read', inputSchema }] }),
  ]);

  it('are prefixed with their server on /mcp and plain on /mcp/<server>', () => {
    expect(catalog.endpoint(all)?.lists.tools.map(({ name }) => name)).toEqual([
      'files__read',
      `files__${'n'.repeat(57)}`,
      'mail__read',
    ]);
    expect(catalog.endpoint(only('mail'))?.lists.tools.map(({ name }) => name)).toEqual(['read']);
    expect(catalog.endpoint(all)?.lists.prompts).toEqual([{ name: 'files__summarize' }]);
  });

  it('resolve to the server, the digest, the plain name and the definition with its dispatch settings', () => {
    const expected = { server: 'files', digest: 'digest-of-files', name: 'read' };
    expect(catalog.endpoint(all)?.tool('files__read')).toMatchObject({
      ...expected,
      definition: { name: 'read', gatehouse: { timeoutMs: 5 } },
    });
    expect(catalog.endpoint(only('files'))?.tool('read')).toMatchObject(expected);
    expect(catalog.endpoint(all)?.prompt('files__summarize')).toMatchObject({ server: 'files', name: 'summarize' });
  });

  it.each([
    ['a plain name on /mcp', all, 'read'],
    ['a prefixed name on /mcp/<server>', only('files'), 'files__read'],
    ['a tool of another server', only('mail'), 'text.search'],
    ['a name that /mcp leaves out', all, 'files__text.search'],
    ['an unknown server', only('nobody'), 'read'],
    ['a property of every object', all, 'constructor'],
  ])('resolve to nothing: %s', (_, endpoint, name) => {
    expect(catalog.endpoint(endpoint)?.tool(name)).toBeUndefined();
  });

  it('over 64 characters or outside [A-Za-z0-9_-] are left out of /mcp with the reason, and stay on /mcp/<server>', () => {
    expect(catalog.excluded).toEqual([
      { server: 'files', name: 'text.search', reason: 'name-not-portable' },
      { server: 'files', name: 'n'.repeat(58), reason: 'name-too-long' },
      { server: 'files', name: 'sum up', reason: 'name-not-portable' },
    ]);
    expect(catalog.endpoint(only('files'))?.tool('text.search')).toMatchObject({ name: 'text.search' });
    expect(catalog.endpoint(only('files'))?.lists.tools).toHaveLength(4);
  });

  it('are listed without what is the gateway’s own', () => {
    for (const endpoint of [all, only('files')]) {
      expect(JSON.stringify(catalog.endpoint(endpoint)?.lists)).not.toContain('gatehouse');
    }
  });
});

describe('a tool with an invalid x-mcp-header (MCP 2026-07-28 Streamable HTTP §Schema Extension)', () => {
  const invalid = { type: 'object', properties: { region: { type: 'number', 'x-mcp-header': 'Region' } } };
  const mixed = server('sql', 1, {
    tools: [
      { name: 'run', inputSchema: invalid },
      { name: 'explain', inputSchema },
    ],
  });
  const catalog = new TenantCatalog([mixed]);

  it('is left out of every endpoint, like a name that nobody knows, and keeps no other from being used', () => {
    expect(catalog.endpoint(all)?.lists.tools.map(({ name }) => name)).toEqual(['sql__explain']);
    expect(catalog.endpoint(only('sql'))?.lists.tools.map(({ name }) => name)).toEqual(['explain']);
    expect(catalog.endpoint(all)?.tool('sql__run')).toBeUndefined();
    expect(catalog.endpoint(only('sql'))?.tool('run')).toBeUndefined();
    expect(catalog.endpoint(only('sql'))?.tool('explain')).toMatchObject({ digest: 'digest-of-sql' });
  });

  it('is reported once with the name and the reason', () => {
    expect(catalog.excluded).toEqual([
      {
        server: 'sql',
        name: 'run',
        reason: 'invalid-header-annotation',
        detail: 'x-mcp-header Region of region needs the type string, integer or boolean',
      },
    ]);
  });

  it('does not make the catalog another one than the servers that were announced', () => {
    expect(catalog.isMadeOf([mixed])).toBe(true);
  });
});

describe('URIs', () => {
  const files = server('files', 5, {
    uriPrefixes: ['files:///'],
    resources: [{ uri: 'files:///readme', name: 'readme' }],
    resourceTemplates: [{ uriTemplate: 'files:///docs/{name}', name: 'doc' }],
  });

  it('go to a listed resource, a template that matches, or the owner of the prefix', () => {
    const endpoint = new TenantCatalog([files, server('notes', 6, { uriPrefixes: ['notes:'] })]).endpoint(all);
    const owner = { server: 'files', digest: 'digest-of-files' };
    expect(endpoint?.resource('files:///readme')).toMatchObject({ ...owner, definition: { name: 'readme' } });
    expect(endpoint?.resource('files:///docs/a')).toMatchObject({
      ...owner,
      name: 'files:///docs/a',
      definition: { name: 'doc' },
    });
    expect(endpoint?.resource('files:///docs/{name}')).toMatchObject({ ...owner, definition: { name: 'doc' } });
    expect(endpoint?.resource('files:///other')).toEqual({ ...owner, name: 'files:///other', definition: undefined });
    expect(endpoint?.resource('notes:1')).toMatchObject({ server: 'notes' });
    expect(endpoint?.resource('mail:1')).toBeUndefined();
  });

  it('that a server listed outside of its declared prefixes are its own too', () => {
    const listing = server('apps', 1, { uriPrefixes: ['apps:'], resources: [{ uri: 'ui://app', name: 'app' }] });
    const later = server('boards', 2, { uriPrefixes: ['ui://'] });
    expect(new TenantCatalog([listing, later]).excluded).toEqual([
      { server: 'boards', reason: 'uri-overlap', claimedBy: 'apps' },
    ]);
  });

  it.each<[string, Partial<ServerDefinitions>]>([
    ['the same prefix', { uriPrefixes: ['files:///'] }],
    ['a narrower prefix', { uriPrefixes: ['files:///secret/'] }],
    ['a wider prefix', { uriPrefixes: ['files:'] }],
    ['a resource of its own under the prefix', { resources: [{ uri: 'files:///x', name: 'x' }] }],
    ['a template under the prefix', { resourceTemplates: [{ uriTemplate: 'files:///{x}', name: 'x' }] }],
  ])('that overlap leave the later server out of /mcp as a whole, and of nothing else: %s', (_, claims) => {
    const later = server('a-later', 9, { ...claims, tools: [{ name: 'read', inputSchema }] });
    const catalog = new TenantCatalog([later, files]);
    expect(catalog.excluded).toEqual([{ server: 'a-later', reason: 'uri-overlap', claimedBy: 'files' }]);
    expect(catalog.endpoint(all)?.lists.tools).toEqual([]);
    expect(catalog.endpoint(all)?.resource('files:///readme')).toMatchObject({ server: 'files' });
    expect(catalog.endpoint(only('a-later'))?.tool('read')).toMatchObject({ server: 'a-later' });
    expect(catalog.endpoint(only('a-later'))?.lists).toMatchObject(
      claims.resources ? { resources: claims.resources } : {},
    );
  });
});
