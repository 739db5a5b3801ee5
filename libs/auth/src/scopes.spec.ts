import type { Principal } from '@gatehouse/protocol';
import { describe, expect, it } from 'vitest';
import { hasScopes } from './scopes.ts';

const principal: Principal = {
  tenant: 'default',
  issuer: 'https://issuer.example',
  accountId: 'a',
  oauthClientId: 'c',
  scopes: ['mcp', 'files:read'],
  partialScopes: { 'files:write': ['erase'] },
  roles: [],
  tokenId: 't',
  expiresAt: 0,
};

describe('a scope that came to open more than it was granted for', () => {
  it.each<[string, string[], string | undefined, boolean]>([
    ['opens the tools that it opened then', ['mcp', 'files:write'], 'move', true],
    ['does not open the others', ['mcp', 'files:write'], 'erase', false],
    ['opens what is no tool', ['files:write'], undefined, true],
    ['says nothing of other scopes', ['notes:write'], 'move', false],
    ['says nothing of a tool of that name behind a granted scope', ['files:read'], 'erase', true],
    ['is not found among what every object has', ['toString'], 'move', false],
  ])('%s', (_what, needed, toolName, expected) => {
    expect(hasScopes(principal, needed, toolName)).toBe(expected);
  });
});
