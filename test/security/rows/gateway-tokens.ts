import { createPublicKey, createSecretKey } from 'node:crypto';
import { exportJWK, generateKeyPair, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { sendHttp } from '../../support/authorization/http.ts';
import { decodeJwt, resource } from '../../support/authorization/mcp-client.ts';
import { callMcp, toolsOf } from '../../support/call-mcp.ts';
import { startListener } from '../../support/document-host.ts';
import { listAtEachGateway, stack, statusesOf } from '../stack/running-stack.ts';

const seconds = () => Math.floor(Date.now() / 1_000);
const sign = (claims: Record<string, unknown>, header: Record<string, unknown> = {}) =>
  stack().forge.sign(claims, header);

/** A token like a good one, of a key that is not the issuer's; its header may say otherwise. */
async function signWithStrangeKey(header: Record<string, unknown>, algorithm = 'ES256'): Promise<string> {
  const { privateKey } = await generateKeyPair(algorithm);
  return stack().forge.sign({}, { alg: algorithm, ...header }, privateKey);
}

/** A token like a good one under an HMAC whose secret is what everybody can read. */
function signWithPublicKey(type: 'spki' | 'jwk'): Promise<string> {
  const { publicJwk } = stack().forge;
  const publicKey = createPublicKey({ key: publicJwk, format: 'jwk' });
  const text = type === 'spki' ? publicKey.export({ type, format: 'pem' }) : JSON.stringify(publicJwk);
  return stack().forge.sign({}, { alg: 'HS256' }, createSecretKey(Buffer.from(text)));
}

describe('a token at a gateway', () => {
  it('is accepted at each when it is good, so that the refusals below have their reason in the token', async () => {
    expect(await statusesOf(await sign({}))).toEqual([200, 200]);
    expect(await statusesOf((await stack().client.obtainTokens()).access_token)).toEqual([200, 200]);
  });

  it.each<[string, () => Promise<string> | string]>([
    ['with alg none', async () => new UnsecuredJWT(decodeJwt(await sign({})).claims).encode()],
    [
      'with alg none and the type of an access token',
      async () =>
        `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${(await sign({})).split('.')[1]}.`,
    ],
    ['with the signature cut off', async () => `${(await sign({})).split('.').slice(0, 2).join('.')}.`],
    ['with an HMAC under the public key as PEM', () => signWithPublicKey('spki')],
    ['with an HMAC under the public key as JSON', () => signWithPublicKey('jwk')],
    ['with an RSA key under the id of ours', () => signWithStrangeKey({ kid: stack().forge.publicJwk.kid }, 'RS256')],
    ['with another key under the id of ours', () => signWithStrangeKey({ kid: stack().forge.publicJwk.kid })],
    ['with a key that nobody knows', () => signWithStrangeKey({ kid: 'unknown' })],
    ['that is an ID token', idToken],
    ['that says it is a JWT and no more', () => sign({}, { typ: 'JWT' })],
    ['without a type', () => sign({}, { typ: undefined })],
    ['of another issuer', () => sign({ iss: 'https://evil.example' })],
    ['of the issuer with a slash', () => sign({ iss: `${stack().issuer}/` })],
    ['for another gateway', () => sign({ aud: 'https://other.example/mcp' })],
    ['for the endpoint of one server', () => sign({ aud: `${resource}/files` })],
    ['for nobody', () => sign({ aud: undefined })],
    ['of a tenant that is no text', () => sign({ tenant: 7 })],
    ['of an empty tenant', () => sign({ tenant: '' })],
    ['without an end', () => sign({ exp: undefined })],
    ['with an end that is text', () => sign({ exp: 'never' })],
    ['that has expired', () => sign({ exp: seconds() - 31, iat: seconds() - 331 })],
    ['that is not valid yet', () => sign({ nbf: seconds() + 60 })],
    ['without a client', () => sign({ client_id: undefined })],
    ['without an id', () => sign({ jti: undefined })],
    [
      'with claims that were changed',
      async () => {
        const [header, , signature] = (await sign({})).split('.');
        const claims = { ...decodeJwt(await sign({})).claims, roles: ['administrator'] };
        return `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
      },
    ],
    ['that is no JWT', () => 'opaque'],
  ])('is 401 at each %s', async (_what, make) => {
    for (const { status, headers } of await listAtEachGateway(await make())) {
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toMatch(/^Bearer .*error="invalid_token"/);
    }
  });

  async function idToken(): Promise<string> {
    const answer = await stack().client.redeem(await stack().client.obtainCode({ scope: 'openid mcp' }));
    const { id_token: token = '' } = JSON.parse(answer.text) as { id_token?: string };
    expect(decodeJwt(token).claims.iss).toBe(stack().issuer);
    return token;
  }

  it('never makes a gateway ask the address that it names, or use the key that it brings', async () => {
    const elsewhere = await startListener('127.0.0.1');
    const url = `http://127.0.0.1:${elsewhere.port}/jwks`;
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    for (const kid of [stack().forge.publicJwk.kid, 'of-its-own', undefined]) {
      for (const header of [{ jku: url }, { x5u: url }, { jwk }, { x5c: ['MII'] }, { jku: url, x5u: url, jwk }]) {
        const token = await stack().forge.sign({}, { kid, ...header }, privateKey);
        expect(await statusesOf(token)).toEqual([401, 401]);
      }
    }
    expect(elsewhere.connections()).toBe(0);
    await elsewhere.stop();
  });

  it('of another tenant sees and reaches nothing of this one', async () => {
    const token = await sign({ tenant: 'somebody-else', scope: 'mcp files:read files:write' });
    for (const answer of await listAtEachGateway(token)) expect(toolsOf(answer)).toEqual([]);
    for (const url of stack().gateways) {
      const answer = await callMcp(`${url}/mcp`, token, 'tools/call', { name: 'files__list', arguments: {} });
      expect(answer.body.error?.code).toBe(-32602);
    }
  });

  it('is 400 in the query, and in two headers (RFC 6750 §3.1)', async () => {
    const token = await sign({});
    for (const url of stack().gateways) {
      const { port } = new URL(url);
      const sent = { port: Number(port), method: 'POST', body: '{}' };
      const headers = { host: 'localhost:3000', 'content-type': 'application/json' };
      const twice = { ...headers, authorization: [`Bearer ${token}`, `Bearer ${token}`] };
      const answers = [
        await sendHttp({ ...sent, target: `/mcp?access_token=${token}`, headers }),
        await sendHttp({
          ...sent,
          target: `/mcp?access_token=${token}`,
          headers: { ...headers, authorization: `Bearer ${token}` },
        }),
        await sendHttp({ ...sent, target: '/mcp', headers: twice }),
        await sendHttp({ ...sent, target: '/mcp', headers: { ...headers, authorization: `Bearer ${token} ${token}` } }),
      ];
      for (const answer of answers) {
        expect(answer.status).toBe(400);
        expect(answer.headers['www-authenticate']).toContain('error="invalid_request"');
      }
    }
  });

  it('of a key that nobody knows, sent by the hundred, makes no stampede for the key set', async () => {
    const good = await sign({});
    const { privateKey } = await generateKeyPair('ES256');
    const forged = await Promise.all(
      Array.from({ length: 100 }, (_, index) => stack().forge.sign({}, { kid: `forged-${index}` }, privateKey)),
    );
    const before = stack().keySetRequests();
    const answers = await Promise.all(forged.map(statusesOf));
    expect(answers.flat()).toEqual(Array.from({ length: 200 }, () => 401));
    // One for each gateway at most.
    expect(stack().keySetRequests() - before).toBeLessThanOrEqual(2);
    expect(await statusesOf(good)).toEqual([200, 200]);
  });
});
