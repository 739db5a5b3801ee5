import type { Principal, ServerDefinitions, ToolDefinition } from '@gatehouse/protocol';
import { describe, expect, it } from 'vitest';
import { decide } from './decide.ts';
import { firstScopes, scopesOfTool } from './required-scopes.ts';
import type { FirstScopes } from './required-scopes.ts';

const principal = (...scopes: string[]): Principal => ({
  tenant: 'default',
  issuer: 'https://issuer.example',
  accountId: 'a',
  oauthClientId: 'c',
  scopes,
  roles: [],
  tokenId: 't',
  expiresAt: 0,
});
const tool = (rest: Partial<ToolDefinition> = {}): ToolDefinition => ({
  name: 't',
  inputSchema: { type: 'object' },
  ...rest,
});

describe('the policy', () => {
  it.each<[string, ToolDefinition, string[]]>([
    ['a read-only tool', tool({ annotations: { readOnlyHint: true } }), ['mcp', 'files:read']],
    ['a tool that says nothing', tool(), ['mcp', 'files:write']],
    ['a tool that may write', tool({ annotations: { readOnlyHint: false } }), ['mcp', 'files:write']],
    ['a tool with scopes of its own', tool({ gatehouse: { scopes: ['files:purge'] } }), ['mcp', 'files:purge']],
  ])('asks for the scopes of %s', (_what, definition, scopes) => {
    expect(scopesOfTool('files', definition)).toEqual(scopes);
  });

  it('allows who has them all', () => {
    expect(decide(principal('files:read', 'mcp', 'x'), ['mcp', 'files:read'])).toEqual({ kind: 'allow' });
  });

  it.each([[['mcp']], [['files:read']], [[]], [['MCP', 'files:read']], [['mcp', 'files:reader']]])(
    'challenges %j with all scopes that are needed',
    (scopes) => {
      expect(decide(principal(...scopes), ['mcp', 'files:read'])).toEqual({
        kind: 'challenge',
        scopes: ['mcp', 'files:read'],
      });
    },
  );

  it('challenges for a tool that a partial scope does not open, and for no other', () => {
    const holder = { ...principal('mcp'), partialScopes: { 'files:write': ['erase'] } };
    expect(decide(holder, ['mcp', 'files:write'], 'move')).toEqual({ kind: 'allow' });
    expect(decide(holder, ['mcp', 'files:write'], 'erase')).toEqual({
      kind: 'challenge',
      scopes: ['mcp', 'files:write'],
    });
  });

  it.each<[FirstScopes, string[]]>([
    ['connect', ['mcp']],
    ['read', ['mcp', 'a:read', 'b:read']],
    ['all', ['mcp', 'a:read', 'a:write', 'a:own', 'b:read']],
  ])('tells a newcomer to ask for what is needed to %s', (kind, scopes) => {
    const empty = {
      version: '1',
      completions: false,
      logging: false,
      uriPrefixes: [],
      resources: [],
      resourceTemplates: [],
      prompts: [],
    };
    const servers: ServerDefinitions[] = [
      {
        ...empty,
        server: 'a',
        tools: [tool({ annotations: { readOnlyHint: true } }), tool(), tool({ gatehouse: { scopes: ['a:own'] } })],
      },
      { ...empty, server: 'b', tools: [], prompts: [{ name: 'p' }] },
      { ...empty, server: 'c', tools: [] },
    ];
    expect(firstScopes(kind, servers)).toEqual(scopes);
  });
});
