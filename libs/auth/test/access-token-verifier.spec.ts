import { createPublicKey, createSecretKey } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { audience, startFakeIssuer } from './fake-issuer.ts';
import type { FakeIssuer } from './fake-issuer.ts';
import { AccessTokenVerifier } from '../src/access-token-verifier.ts';
import { IssuerKeySet } from '../src/issuer-key-set.ts';
import { ScopeHierarchy } from '../src/scope-hierarchy.ts';

let issuer: FakeIssuer;
let keySet: IssuerKeySet;
let verifier: AccessTokenVerifier;
const now = () => Math.floor(Date.now() / 1000);

beforeEach(async () => {
  issuer = await startFakeIssuer();
  keySet = new IssuerKeySet(issuer.issuer, { onLoaded: () => undefined, onFailed: () => undefined });
  verifier = new AccessTokenVerifier(issuer.issuer, keySet);
  await keySet.start();
});

afterEach(async () => {
  vi.useRealTimers();
  keySet.close();
  await issuer.close();
});

describe('an access token (RFC 9068 §4)', () => {
  it('tells who it speaks for', async () => {
    const token = await issuer.sign();
    await expect(verifier.verify(token, audience)).resolves.toEqual({
      tenant: 'default',
      issuer: issuer.issuer,
      accountId: 'account-1',
      oauthClientId: 'client-1',
      scopes: ['mcp', 'files:read'],
      roles: ['admin'],
      grantId: 'grant-1',
      tokenId: 'token-1',
      issuedAt: expect.any(Number) as number,
      expiresAt: expect.any(Number) as number,
    });
  });

  it('of an issuer that knows no tenants, roles or grants belongs to the default tenant', async () => {
    const token = await issuer.sign({ tenant: undefined, roles: undefined, gid: undefined });
    const principal = await verifier.verify(token, audience);
    expect(principal).toMatchObject({ tenant: 'default', roles: [] });
    expect(principal).not.toHaveProperty('grantId');
  });

  it('tells which scopes it has in part, and what the hierarchy adds to both', async () => {
    const hierarchy = new ScopeHierarchy(['*:write > *:read']);
    const claims = { scope: 'mcp files:write', partial_scopes: { 'notes:write': ['erase'], 'notes:read': ['list'] } };
    const principal = await new AccessTokenVerifier(issuer.issuer, keySet, hierarchy).verify(
      await issuer.sign(claims),
      audience,
    );
    expect(principal).toMatchObject({
      scopes: ['mcp', 'files:write', 'files:read'],
      partialScopes: { 'notes:write': ['erase'], 'notes:read': ['erase', 'list'] },
    });
  });

  it.each<[string, () => Promise<string> | string, string]>([
    ['that is no JWT', () => 'abc', 'malformed'],
    ['with four parts', async () => `${await issuer.sign()}.x`, 'malformed'],
    ['of another issuer', () => issuer.sign({ iss: 'https://evil.example' }), 'issuer'],
    ['of the issuer with a trailing slash', () => issuer.sign({ iss: `${issuer.issuer}/` }), 'issuer'],
    ['for another resource', () => issuer.sign({ aud: 'http://localhost:3000/mcp/files' }), 'audience'],
    ['for a prefix of this resource', () => issuer.sign({ aud: 'http://localhost:3000/' }), 'audience'],
    ['without audience', () => issuer.sign({ aud: undefined }), 'audience'],
    ['that expired 31 s ago', () => issuer.sign({ exp: now() - 31 }), 'expired'],
    ['that never expires', () => issuer.sign({ exp: undefined }), 'claims'],
    ['with text as expiry', () => issuer.sign({ exp: 'never' }), 'claims'],
    ['that begins in 32 s', () => issuer.sign({ nbf: now() + 32 }), 'not-yet-valid'],
    ['without sub', () => issuer.sign({ sub: undefined }), 'claims'],
    ['with an empty sub', () => issuer.sign({ sub: '' }), 'claims'],
    ['without client_id', () => issuer.sign({ client_id: undefined }), 'claims'],
    ['without jti', () => issuer.sign({ jti: undefined }), 'claims'],
    ['without iat', () => issuer.sign({ iat: undefined }), 'claims'],
    ['with a tenant that is no text', () => issuer.sign({ tenant: 7 }), 'claims'],
    ['with scopes as an array', () => issuer.sign({ scope: ['mcp'] }), 'claims'],
    ['with one role as text', () => issuer.sign({ roles: 'admin' }), 'claims'],
    ['with partial scopes as text', () => issuer.sign({ partial_scopes: 'files:write' }), 'claims'],
    ['with a partial scope as text', () => issuer.sign({ partial_scopes: { 'files:write': 'erase' } }), 'claims'],
    ['that is an ID token', () => issuer.sign({}, { typ: 'JWT' }), 'type'],
    ['without a type', () => issuer.sign({}, { typ: undefined as never }), 'type'],
    [
      'with an unknown critical header',
      async () => {
        const [header = '', ...rest] = (await issuer.sign()).split('.');
        const parsed = JSON.parse(Buffer.from(header, 'base64url').toString()) as object;
        const critical = Buffer.from(JSON.stringify({ ...parsed, crit: ['x'], x: 1 })).toString('base64url');
        return [critical, ...rest].join('.');
      },
      'malformed',
    ],
    [
      'signed by a key that is not published',
      async () => {
        const { privateKey } = await generateKeyPair('ES256');
        return issuer.sign({}, {}, privateKey);
      },
      'signature',
    ],
    ['with an unknown key id', () => issuer.sign({}, { kid: 'unknown' }), 'unknown-key'],
    [
      'with alg none',
      () => new UnsecuredJWT({ aud: audience }).setIssuer(issuer.issuer).setExpirationTime('5m').encode(),
      'algorithm',
    ],
    [
      'with an HMAC under the public key',
      async () => {
        const [jwk] = issuer.publicKeys();
        const pem = createPublicKey({ key: jwk ?? {}, format: 'jwk' }).export({
          type: 'spki',
          format: 'pem',
        });
        return new SignJWT({ aud: audience })
          .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: 'first' })
          .sign(createSecretKey(Buffer.from(pem)));
      },
      'algorithm',
    ],
    [
      'that brings its own key',
      async () => {
        const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
        return issuer.sign({}, { jwk: await exportJWK(publicKey), kid: 'own' }, privateKey);
      },
      'unknown-key',
    ],
    [
      'with changed claims',
      async () => {
        const [header, , signature] = (await issuer.sign()).split('.');
        const payload = Buffer.from(JSON.stringify({ iss: issuer.issuer, aud: audience, scope: 'admin' }));
        return `${header}.${payload.toString('base64url')}.${signature}`;
      },
      'signature',
    ],
  ])('%s is refused', async (_what, forge, reason) => {
    const token = await forge();
    await expect(verifier.verify(token, audience)).rejects.toMatchObject({ name: 'InvalidTokenError', reason });
    expect(verifier.findVerified(token, audience)).toBeUndefined();
  });

  it.each([['ES384'], ['RS256'], ['PS256'], ['Ed25519']])('signed with %s is accepted', async (algorithm) => {
    await issuer.rotate('second', algorithm);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6_000 });
    await expect(verifier.verify(await issuer.sign(), audience)).resolves.toMatchObject({ accountId: 'account-1' });
  });

  it('never makes the verifier fetch the address that it names', async () => {
    const other = await startFakeIssuer();
    const token = await other.sign(
      { iss: issuer.issuer },
      {
        jku: `${other.issuer}/jwks`,
        x5u: `${other.issuer}/jwks`,
      },
    );
    await expect(verifier.verify(token, audience)).rejects.toMatchObject({ reason: 'signature' });
    expect(other.keySetFetches()).toBe(0);
    await other.close();
  });

  it('is accepted within 30 s of clock difference', async () => {
    await expect(verifier.verify(await issuer.sign({ exp: now() - 25 }), audience)).resolves.toBeDefined();
    await expect(verifier.verify(await issuer.sign({ nbf: now() + 25 }), audience)).resolves.toBeDefined();
  });
});

describe('a verified token', () => {
  it('is not verified a second time, and only for its own audience', async () => {
    const token = await issuer.sign();
    const principal = await verifier.verify(token, audience);
    expect(verifier.findVerified(token, audience)).toBe(principal);
    expect(verifier.findVerified(token, 'http://localhost:3000/mcp/files')).toBeUndefined();
    expect(verifier.findVerified(token, audience)).toBe(principal);
  });

  it('is forgotten when it expires', async () => {
    const token = await issuer.sign();
    await verifier.verify(token, audience);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 331_000 });
    expect(verifier.findVerified(token, audience)).toBeUndefined();
  });

  it('is forgotten when the keys change', async () => {
    const token = await issuer.sign();
    await verifier.verify(token, audience);
    await issuer.rotate('second');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6_000 });
    await verifier.verify(await issuer.sign(), audience);
    expect(verifier.findVerified(token, audience)).toBeUndefined();
  });
});

describe('the key set', () => {
  it('outlives its issuer', async () => {
    issuer.fail(true);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 24 * 3_600_000 });
    await expect(verifier.verify(await issuer.sign({}, { kid: 'unknown' }), audience)).rejects.toMatchObject({
      reason: 'unknown-key',
    });
    await expect(verifier.verify(await issuer.sign(), audience)).resolves.toBeDefined();
  });

  it('is fetched once for any number of unknown keys at one time, and not again within the cooldown', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6_000 });
    const forged = await Promise.all(
      Array.from({ length: 200 }, (_, index) => issuer.sign({}, { kid: `forged-${index}` })),
    );
    await Promise.all(
      forged.map((token) => expect(verifier.verify(token, audience)).rejects.toMatchObject({ reason: 'unknown-key' })),
    );
    expect(issuer.keySetFetches()).toBe(2);
    await expect(verifier.verify(await issuer.sign({}, { kid: 'forged' }), audience)).rejects.toMatchObject({
      reason: 'unknown-key',
    });
    expect(issuer.keySetFetches()).toBe(2);
  });

  it('no longer accepts a key that was withdrawn', async () => {
    const old = await issuer.sign();
    await issuer.rotate('second');
    issuer.withdraw('first');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6_000 });
    await verifier.verify(await issuer.sign(), audience);
    await expect(verifier.verify(old, audience)).rejects.toMatchObject({ reason: 'unknown-key' });
  });

  it.each([
    ['public, max-age=2', 2],
    ['max-age=86400', 300],
    ['no-store', 300],
  ])('with %j is fetched again after %i s, so that a new key is known before it signs', async (header, seconds) => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    issuer.cache(header);
    const watched = new IssuerKeySet(issuer.issuer, { onLoaded: () => undefined, onFailed: () => undefined });
    await watched.start();
    const fetches = issuer.keySetFetches();
    await issuer.rotate('second');
    await vi.advanceTimersByTimeAsync(seconds * 1_000 - 1);
    expect(issuer.keySetFetches()).toBe(fetches);
    await vi.advanceTimersByTimeAsync(1);
    vi.useRealTimers();
    await expect.poll(() => issuer.keySetFetches()).toBe(fetches + 1);
    watched.close();
  });

  it('that was never fetched refuses nobody: the failure is ours', async () => {
    const failures: unknown[] = [];
    const unreachable = new IssuerKeySet('http://127.0.0.1:9', {
      onLoaded: () => undefined,
      onFailed: (error) => failures.push(error),
    });
    await unreachable.start();
    expect(unreachable.loaded).toBe(false);
    expect(failures).toHaveLength(1);
    const token = await issuer.sign({ iss: 'http://127.0.0.1:9' });
    await expect(
      new AccessTokenVerifier('http://127.0.0.1:9', unreachable).verify(token, audience),
    ).rejects.toMatchObject({
      name: 'KeySetUnavailableError',
    });
    unreachable.close();
  });

  it('is found for an issuer with a path, and not from metadata of another issuer (RFC 8414 §3.3)', async () => {
    const withPath = await startFakeIssuer({ path: '/tenant' });
    const found = new IssuerKeySet(withPath.issuer, { onLoaded: () => undefined, onFailed: () => undefined });
    await found.start();
    expect(found.loaded).toBe(true);
    const foreign = new IssuerKeySet(issuer.issuer.replace('127.0.0.1', 'localhost'), {
      onLoaded: () => undefined,
      onFailed: () => undefined,
    });
    await foreign.start();
    expect(foreign.loaded).toBe(false);
    found.close();
    foreign.close();
    await withPath.close();
  });
});
