import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import type { CryptoKey } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonOf, sendHttp } from './http.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

const oauthClientId = 'pre-registered';

describe('a client that authenticates by assertion (RFC 7523 §3)', () => {
  let replicas: Replicas;
  let key: CryptoKey;

  beforeAll(async () => {
    replicas = await startReplicas(2);
    const pair = await generateKeyPair('ES256');
    key = pair.privateKey;
    const dataSource = await replicas.database.open();
    const metadata = {
      client_id: oauthClientId,
      redirect_uris: ['https://app.example/callback'],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ ...(await exportJWK(pair.publicKey)), alg: 'ES256', use: 'sig' }] },
    };
    await dataSource.query(`INSERT INTO auth.oauth_client (id, tenant_id, metadata) VALUES ($1, 'default', $2)`, [
      oauthClientId,
      metadata,
    ]);
  });
  afterAll(() => replicas.stop());

  const assertion = (audience: string | string[]) =>
    new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(oauthClientId)
      .setSubject(oauthClientId)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(key);
  const present = (value: string) =>
    replicas.send('/token', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: 'none that exists',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: value,
      }).toString(),
    });
  const isAuthenticated = async (value: string) => {
    const answer = await present(value);
    const { error } = jsonOf(answer) as { error: string };
    if (answer.status === 400 && error === 'invalid_grant') return true;
    expect([answer.status, error]).toEqual([401, 'invalid_client']);
    return false;
  };

  it('is known by an assertion for the issuer', async () => {
    expect(await isAuthenticated(await assertion(replicas.issuer))).toBe(true);
  });

  it.each([
    ['the token endpoint', () => `${replicas.issuer}/token`],
    ['another server', () => 'https://evil.example'],
    ['the issuer and another server', () => [replicas.issuer, 'https://evil.example']],
    ['the issuer with a slash', () => `${replicas.issuer}/`],
  ])('is not known by an assertion for %s', async (_what, audience) => {
    expect(await isAuthenticated(await assertion(audience()))).toBe(false);
  });

  it('is not known by an assertion for a host that the request names', async () => {
    const value = await assertion('http://evil.example/token');
    const { port } = replicas.servers[0] ?? { port: 0 };
    const answer = await sendHttp({
      port,
      method: 'POST',
      target: '/token',
      headers: { host: 'evil.example', 'content-type': 'application/x-www-form-urlencoded' },
      body: `grant_type=refresh_token&refresh_token=a&client_assertion=${value}`,
    });
    expect(answer.status).toBe(421);
    expect(await isAuthenticated(value)).toBe(false);
  });

  it('is not known by an unsigned assertion, nor by one signed with its public key', async () => {
    const claims = { jti: randomUUID(), sub: oauthClientId };
    const unsigned = new UnsecuredJWT(claims)
      .setIssuer(oauthClientId)
      .setAudience(replicas.issuer)
      .setExpirationTime('1m')
      .encode();
    expect(await isAuthenticated(unsigned)).toBe(false);
    const confused = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(oauthClientId)
      .setAudience(replicas.issuer)
      .setExpirationTime('1m')
      .sign(new TextEncoder().encode('the public key of the client, as an HMAC secret'));
    expect(await isAuthenticated(confused)).toBe(false);
  });

  it('uses an assertion once, out of ten at the same time', async () => {
    for (let round = 0; round < 5; round++) {
      const value = await assertion(replicas.issuer);
      const known = await Promise.all(Array.from({ length: 10 }, () => isAuthenticated(value)));
      expect(known.filter(Boolean)).toHaveLength(1);
    }
  });

  it('cannot use an assertion again though its first request was refused', async () => {
    const value = await assertion(replicas.issuer);
    expect(await isAuthenticated(value)).toBe(true);
    expect(await isAuthenticated(value)).toBe(false);
  });
});
