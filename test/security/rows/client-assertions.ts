import { createPublicKey } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import type { CryptoKey, JWK, JWTPayload } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { jsonOf } from '../../support/authorization/http.ts';
import { McpClient } from '../../support/authorization/mcp-client.ts';
import { stack } from '../stack/running-stack.ts';

const redirectUri = 'https://app.example/callback';
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** A confidential client with a key. */
interface KeyClient {
  client: McpClient;
  publicJwk: JWK;
  /** A proof of this client, right in every respect but these. */
  prove(claims?: Record<string, unknown>, key?: CryptoKey): Promise<string>;
}

async function addKeyClient(oauthClientId: string): Promise<KeyClient> {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const publicJwk = await exportJWK(pair.publicKey);
  const metadata = {
    client_id: oauthClientId,
    client_name: 'Confidential',
    redirect_uris: [redirectUri],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [{ ...publicJwk, alg: 'ES256', use: 'sig' }] },
  };
  await stack().database.query(`INSERT INTO auth.oauth_client (id, tenant_id, metadata) VALUES ($1, 'default', $2)`, [
    oauthClientId,
    metadata,
  ]);
  return {
    client: McpClient.of(stack(), oauthClientId, stack().person),
    publicJwk,
    prove: (claims = {}, key = pair.privateKey) =>
      // A round trip through JSON drops the claims that are undefined.
      new SignJWT(JSON.parse(JSON.stringify({ ...claimsOf(oauthClientId), ...claims })) as JWTPayload)
        .setProtectedHeader({ alg: 'ES256' })
        .sign(key),
  };
}

function claimsOf(oauthClientId: string): JWTPayload {
  const now = Math.floor(Date.now() / 1_000);
  const { issuer } = stack();
  return { iss: oauthClientId, sub: oauthClientId, aud: issuer, jti: crypto.randomUUID(), iat: now, exp: now + 60 };
}

describe('a client that authenticates by assertion (RFC 7523 §3)', () => {
  let own: KeyClient;
  let other: KeyClient;

  beforeAll(async () => {
    own = await addKeyClient('assertion-own');
    other = await addKeyClient('assertion-other');
  });

  /** True when the assertion proves the client: it then hears that its token is unknown, and otherwise 401. */
  async function isProven(assertion: string): Promise<boolean> {
    const form = { grant_type: 'refresh_token', refresh_token: 'none that exists' };
    const proof = { client_assertion_type: assertionType, client_assertion: assertion };
    const answer = await own.client.postForm('/token', { ...form, ...proof });
    const { error } = jsonOf(answer) as { error: string };
    if (answer.status === 400 && error === 'invalid_grant') return true;
    expect([answer.status, error]).toEqual([401, 'invalid_client']);
    return false;
  }

  it('is known by a good one', async () => {
    expect(await isProven(await own.prove())).toBe(true);
  });

  it.each<[string, (issuer: string) => string | string[]]>([
    ['the token endpoint', (issuer) => `${issuer}/token`],
    ['the issuer with a slash', (issuer) => `${issuer}/`],
    ['the issuer in a list', (issuer) => [issuer]],
    ['the issuer and another server', (issuer) => [issuer, 'https://evil.example']],
    ['another server', () => 'https://evil.example'],
    ['nobody', () => []],
  ])('is 401 with one for %s', async (_what, audience) => {
    expect(await isProven(await own.prove({ aud: audience(stack().issuer) }))).toBe(false);
  });

  it('is 421 with one for a host that the request itself names', async () => {
    const assertion = await own.prove({ aud: 'http://evil.example/token' });
    const answer = await stack().send('/token', {
      method: 'POST',
      headers: { host: 'evil.example', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: 'a',
        client_assertion_type: assertionType,
        client_assertion: assertion,
      }).toString(),
    });
    expect(answer.status).toBe(421);
  });

  it('is 401 with an unsigned one', async () => {
    expect(await isProven(new UnsecuredJWT(claimsOf('assertion-own')).encode())).toBe(false);
  });

  it.each<[string, (jwk: JWK) => string]>([
    ['PEM', (jwk) => createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })],
    ['JSON', (jwk) => JSON.stringify(jwk)],
    ['its x coordinate', (jwk) => jwk.x ?? ''],
  ])('is 401 with an HMAC under its public key as %s', async (_what, textOf) => {
    const secret = new TextEncoder().encode(textOf(own.publicJwk));
    const confused = new SignJWT(claimsOf('assertion-own')).setProtectedHeader({ alg: 'HS256' });
    expect(await isProven(await confused.sign(secret))).toBe(false);
  });

  it.each<[string, Record<string, unknown>]>([
    ['that has expired', { exp: 1 }],
    ['without an end', { exp: undefined }],
    ['without an id', { jti: undefined }],
    ['of another client', { iss: 'assertion-other', sub: 'assertion-other' }],
    ['about another client', { sub: 'assertion-other' }],
  ])('is 401 with one %s', async (_what, claims) => {
    expect(await isProven(await own.prove(claims))).toBe(false);
  });

  it('uses one once, out of ten at the same time at two servers', async () => {
    for (let round = 0; round < 3; round++) {
      const assertion = await own.prove();
      const proven = await Promise.all(Array.from({ length: 10 }, () => isProven(assertion)));
      expect(proven.filter(Boolean)).toHaveLength(1);
    }
  });

  it('cannot refresh with another key, nor can another client with its own', async () => {
    const code = await own.client.obtainCode({ redirect_uri: redirectUri });
    const proof = async (of: KeyClient, key?: CryptoKey) => {
      return { client_assertion_type: assertionType, client_assertion: await of.prove({}, key) };
    };
    const redeemed = await own.client.redeem(code, { redirect_uri: redirectUri, ...(await proof(own)) });
    expect(redeemed.status).toBe(200);
    const { refresh_token: token } = jsonOf(redeemed) as { refresh_token: string };
    const { privateKey: strange } = await generateKeyPair('ES256');
    const forged = await own.client.refresh(token, await proof(own, strange));
    expect([forged.status, jsonOf(forged)]).toMatchObject([401, { error: 'invalid_client' }]);
    const unproven = await own.client.refresh(token);
    expect([unproven.status, jsonOf(unproven)]).toMatchObject([401, { error: 'invalid_client' }]);
    const stolen = await other.client.refresh(token, await proof(other));
    expect([stolen.status, jsonOf(stolen)]).toMatchObject([400, { error: 'invalid_grant' }]);
    expect((await own.client.refresh(token, await proof(own))).status).toBe(200);
  });
});
