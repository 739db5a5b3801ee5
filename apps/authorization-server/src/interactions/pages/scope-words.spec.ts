import { describe, expect, it } from 'vitest';
import { english } from './english.ts';
import { describeScopes } from './scope-words.ts';

describe('scopes in words', () => {
  it('are told by server, in the order of the request', () => {
    expect(
      describeScopes(['mcp', 'files:read', 'files:write', 'my-files:publish'], english).map(({ title }) => title),
    ).toEqual(['connect', 'files: read', 'files: change', 'my-files: publish']);
  });

  it.each(['constructor', 'toString', 'read', '__proto__', 'files:constructor', 'files:', ':read'])(
    'are told for any other scope by its own name: %s',
    (scope) => {
      const [words] = describeScopes([scope], english);
      expect(words?.title).toEqual(expect.any(String));
      expect(words?.detail).toEqual(expect.any(String));
    },
  );
});
