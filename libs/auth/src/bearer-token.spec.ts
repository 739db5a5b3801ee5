import { describe, expect, it } from 'vitest';
import { readBearerToken } from './bearer-token.ts';

describe('the bearer token of a request (RFC 6750 §2)', () => {
  it.each<[string, string[], string | undefined, string]>([
    ['two Authorization headers', ['Authorization', 'Bearer a', 'authorization', 'Bearer b'], undefined, 'malformed'],
    ['a token in the query', ['Host', 'h'], 'access_token=a', 'malformed'],
    ['a token in the query and in the header', ['Authorization', 'Bearer a'], 'x=1&access_token=a', 'malformed'],
    ['a scheme without token', ['Authorization', 'Bearer'], undefined, 'malformed'],
    ['two tokens', ['Authorization', 'Bearer a b'], undefined, 'malformed'],
    ['a token with a quote', ['Authorization', 'Bearer a"b'], undefined, 'malformed'],
    ['no header', ['Host', 'h'], undefined, 'none'],
    ['another scheme', ['Authorization', 'Basic YTpi'], undefined, 'none'],
    ['a DPoP token', ['Authorization', 'DPoP a'], undefined, 'none'],
  ])('is not read from %s', (_what, rawHeaders, query, kind) => {
    expect(readBearerToken(rawHeaders, query).kind).toBe(kind);
  });

  it.each([['Authorization'], ['authorization'], ['AUTHORIZATION']])('is read from %s', (name) => {
    expect(readBearerToken(['Host', 'h', name, 'bearer a.b-c_d~e+f/g=='], 'q=1')).toEqual({
      kind: 'token',
      token: 'a.b-c_d~e+f/g==',
    });
  });
});
