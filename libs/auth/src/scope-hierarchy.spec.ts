import { describe, expect, it } from 'vitest';
import { ScopeHierarchy } from './scope-hierarchy.ts';

describe('the hierarchy of scopes', () => {
  it.each<[string[], string[], string[]]>([
    [[], ['mcp', 'files:write'], ['mcp', 'files:write']],
    [['files:write > files:read'], ['mcp', 'files:write'], ['mcp', 'files:write', 'files:read']],
    [['files:write > files:read'], ['files:read'], ['files:read']],
    [['files:write > files:read'], ['notes:write'], ['notes:write']],
    [['*:write > *:read'], ['files:write', 'notes:write'], ['files:write', 'notes:write', 'files:read', 'notes:read']],
    [['*:write > *:read'], ['write', ':write', 'a:b:write'], ['write', ':write', 'a:b:write']],
    [['*:admin > *:write', '*:write > *:read'], ['files:admin'], ['files:admin', 'files:write', 'files:read']],
    [['*:read > mcp'], ['files:read'], ['files:read', 'mcp']],
    [['a:x > a:y', 'a:y > a:x'], ['a:y'], ['a:y', 'a:x']],
    [['a:x  >  a:y'], ['a:x', 'a:y'], ['a:x', 'a:y']],
  ])('of %j makes %j %j', (entries, scopes, expanded) => {
    expect(new ScopeHierarchy(entries).expand(scopes)).toEqual(expanded);
  });

  it('adds to a scope that is held in part what it implies, without the tools that are left out', () => {
    const hierarchy = new ScopeHierarchy(['*:admin > *:write', '*:write > *:read']);
    expect(hierarchy.expandPartial({ 'files:admin': ['erase'], 'files:read': ['list'], 'notes:read': [] })).toEqual({
      'files:admin': ['erase'],
      'files:write': ['erase'],
      'files:read': ['erase', 'list'],
      'notes:read': [],
    });
  });

  it.each([
    'files:write',
    'a > b > c',
    'a >',
    '> b',
    'a>b',
    'mcp > *:read',
    '*:* > *:read',
    'files:* > files:read',
    'a "b" > c',
  ])('is not made of %j', (entry) => {
    expect(ScopeHierarchy.isEntry(entry)).toBe(false);
    expect(() => new ScopeHierarchy([entry])).toThrow(RangeError);
  });
});
