import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AccessTokenVerifier, IssuerKeySet } from '../src/index.ts';
import { audience, startFakeIssuer } from './fake-issuer.ts';
import type { FakeIssuer } from './fake-issuer.ts';

let issuer: FakeIssuer;
let keySet: IssuerKeySet;
let verifier: AccessTokenVerifier;

beforeEach(async () => {
  issuer = await startFakeIssuer();
  keySet = new IssuerKeySet(issuer.issuer, { onLoaded: () => undefined, onFailed: () => undefined });
  verifier = new AccessTokenVerifier(issuer.issuer, keySet);
});
afterEach(async () => {
  vi.useRealTimers();
  keySet.close();
  await issuer.close();
});

const published = () => ({ keys: structuredClone(issuer.publicKeys()) });
const refusedKey = { reason: 'unknown-key' };

describe('keys that the issuer hands over', () => {
  it('verify tokens though the issuer was never reached', async () => {
    issuer.fail(true);
    await keySet.start();
    keySet.receive(published());
    await expect(verifier.verify(await issuer.sign(), audience)).resolves.toMatchObject({ accountId: 'account-1' });
  });

  it('replace those of before at once: a token of a key that was taken back is refused', async () => {
    await keySet.start();
    const old = await issuer.sign();
    await verifier.verify(old, audience);
    await issuer.rotate('second');
    issuer.withdraw('first');
    keySet.receive(published());
    expect(verifier.findVerified(old, audience)).toBeUndefined();
    await expect(verifier.verify(old, audience)).rejects.toMatchObject(refusedKey);
  });

  it('stay away when a fetch is answered with an older set', async () => {
    keySet.receive(published());
    const old = await issuer.sign();
    const older = published();
    await issuer.rotate('second');
    keySet.receive({ keys: published().keys.slice(1) });
    expect(older.keys).toHaveLength(1);
    await keySet.start();
    await expect(verifier.verify(old, audience)).rejects.toMatchObject(refusedKey);
    await expect(verifier.verify(await issuer.sign(), audience)).resolves.toBeDefined();
    keySet.receive(published());
    await expect(verifier.verify(old, audience)).resolves.toBeDefined();
  });

  it('are joined by a key that only the issuer itself knows yet', async () => {
    keySet.receive(published());
    await issuer.rotate('second');
    await expect(verifier.verify(await issuer.sign(), audience)).resolves.toBeDefined();
  });

  it('change nothing when they are the ones in use, in another order', async () => {
    await issuer.rotate('second');
    await keySet.start();
    const { generation } = keySet;
    keySet.receive({ keys: published().keys.toReversed() });
    expect(keySet.generation).toBe(generation);
  });

  it.each([[{}], [{ keys: [] }], [{ keys: ['key'] }], [[]]])('are not replaced by %j', async (document) => {
    keySet.receive(published());
    expect(() => keySet.receive(document)).toThrow(/key set/);
    await expect(verifier.verify(await issuer.sign(), audience)).resolves.toBeDefined();
  });
});
