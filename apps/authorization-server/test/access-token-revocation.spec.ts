import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { KeyEncryption } from '../src/keys/key-encryption.ts';
import { openSigningKeys } from '../src/keys/signing-keys.ts';
import { jsonOf } from '../../../test/support/authorization/http.ts';
import { decodeJwt, McpClient, resource } from '../../../test/support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../../../test/support/authorization/mcp-client.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

describe('JWT access tokens over two replicas', () => {
  const kek = randomBytes(32);
  let replicas: Replicas;
  let client: McpClient;
  let dataSource: DataSource;

  beforeAll(async () => {
    replicas = await startReplicas(2, { GATEHOUSE_ENCRYPTION_KEY: kek.toString('base64') });
    client = await McpClient.register(replicas);
    dataSource = await replicas.database.open();
  });
  afterAll(() => replicas.stop());

  const revoke = async (token: string, parameters: Record<string, string> = {}, by = client) => {
    const answer = await by.postForm('/token/revocation', { token, client_id: by.oauthClientId, ...parameters });
    expect([answer.status, answer.text]).toEqual([200, '']);
  };
  const introspect = async (token: string, parameters: Record<string, string> = {}, by = client) => {
    const answer = await by.postForm('/token/introspection', { token, client_id: by.oauthClientId, ...parameters });
    expect(answer.status).toBe(200);
    return jsonOf(answer);
  };
  /** A token like a given one, signed with the server's own key unless said. */
  const resign = async (token: string, claims: Record<string, unknown>, header: Record<string, string> = {}) => {
    const [jwk] = await openSigningKeys(dataSource.manager, new KeyEncryption([kek]));
    if (!jwk) throw new Error('there is no signing key');
    return new SignJWT({ ...decodeJwt(token).claims, ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: jwk.kid ?? '', ...header })
      .sign(await importJWK(jwk));
  };

  it.each([{}, { token_type_hint: 'access_token' }, { token_type_hint: 'refresh_token' }])(
    'are introspected by their own client, at either replica, with hint %j (RFC 7662 §2.2)',
    async (hint) => {
      const { access_token: token } = await client.obtainTokens();
      const { claims } = decodeJwt(token);
      for (const answer of [await introspect(token, hint), await introspect(token, hint)]) {
        expect(answer).toEqual({
          active: true,
          iss: replicas.issuer,
          sub: claims.sub,
          aud: resource,
          client_id: client.oauthClientId,
          scope: 'mcp',
          jti: claims.jti,
          iat: claims.iat,
          exp: claims.exp,
          token_type: 'Bearer',
        });
      }
    },
  );

  it('end alone when they are revoked (RFC 7009 §2.1): their grant and the other tokens of it live', async () => {
    const first = await client.obtainTokens();
    const second = jsonOf(await client.refresh(first.refresh_token)) as TokenAnswer;
    await revoke(first.access_token);
    expect(await introspect(first.access_token)).toEqual({ active: false });
    expect(await introspect(first.access_token)).toEqual({ active: false });
    expect(await introspect(second.access_token)).toMatchObject({ active: true });
    expect((await client.refresh(second.refresh_token)).status).toBe(200);
  });

  it('tell the outbox and the audit in one transaction, once, until the token has expired', async () => {
    const { access_token: token } = await client.obtainTokens();
    const { jti, gid, sub, exp } = decodeJwt(token).claims;
    await revoke(token, { token_type_hint: 'access_token' });
    await revoke(token);
    const rows = await dataSource.query(
      `SELECT o.tenant_id, o.published_at, extract(epoch FROM o.expires_at)::int AS until, a.reason, a.oauth_client_id,
              a.on_behalf_of, a.details, o.xmin = a.xmin AS together
       FROM auth.outbox o, auth.audit_row a
       WHERE o.kind = 'token' AND o.key = $1 AND a.type = 'token.revoked' AND a.details->>'jti' = $1`,
      [jti],
    );
    expect(rows).toEqual([
      {
        tenant_id: 'default',
        published_at: null,
        until: Number(exp) + 60,
        reason: 'revoked_by_client',
        oauth_client_id: client.oauthClientId,
        on_behalf_of: sub,
        details: { jti, gid },
        together: true,
      },
    ]);
  });

  it('end with their grant', async () => {
    const tokens = await client.obtainTokens();
    await revoke(tokens.refresh_token);
    expect(await introspect(tokens.access_token)).toEqual({ active: false });
  });

  it("are neither shown to nor revoked by another's client", async () => {
    const { access_token: token } = await client.obtainTokens();
    const stranger = await McpClient.register(replicas);
    expect(await introspect(token, {}, stranger)).toEqual({ active: false });
    await revoke(token, {}, stranger);
    expect(await introspect(token)).toMatchObject({ active: true });
  });

  it('are accepted though they were signed with a key that is retired by now', async () => {
    const { access_token: token } = await client.obtainTokens();
    await dataSource.query(`UPDATE auth.signing_key SET rotation_requested_at = now() WHERE state = 'active'`);
    await dataSource.query(`UPDATE auth.signing_key SET created_at = now() - interval '1 hour' WHERE state = 'next'`);
    await expect
      .poll(
        async () => {
          const kids = [(await client.obtainTokens()).access_token, (await client.obtainTokens()).access_token].map(
            (issued) => decodeJwt(issued).header.kid,
          );
          return kids.includes(decodeJwt(token).header.kid);
        },
        { timeout: 10_000 },
      )
      .toBe(false);
    expect([await introspect(token), await introspect(token)]).toEqual([
      expect.objectContaining({ active: true }),
      expect.objectContaining({ active: true }),
    ]);
  });

  const now = Math.floor(Date.now() / 1_000);
  it.each<[string, (token: string) => Promise<string>]>([
    ['has expired', (token) => resign(token, { exp: now - 1, iat: now - 301 })],
    ['is of another issuer', (token) => resign(token, { iss: 'https://evil.example' })],
    ['is no access token', (token) => resign(token, {}, { typ: 'JWT' })],
    ['names a grant that does not exist', (token) => resign(token, { gid: 'none' })],
    [
      'names the grant of another client',
      async (token) => {
        const other = await (await McpClient.register(replicas)).obtainTokens();
        return resign(token, { gid: decodeJwt(other.access_token).claims.gid });
      },
    ],
    [
      'was changed',
      (token) =>
        Promise.resolve(token.replace(/\.[\w-]+\./, `.${Buffer.from('{"active":true}').toString('base64url')}.`)),
    ],
    [
      'has no signature',
      (token) =>
        Promise.resolve(
          `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${token.split('.')[1]}.`,
        ),
    ],
    [
      'is signed with another key under our key id',
      async (token) => {
        const { privateKey, publicKey } = await generateKeyPair('ES256');
        const { kid = '' } = decodeJwt(token).header as { kid?: string };
        return new SignJWT(decodeJwt(token).claims)
          .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid, jwk: await exportJWK(publicKey) })
          .sign(privateKey);
      },
    ],
    ['has claims of odd types', (token) => resign(token, { jti: ['a'], gid: {}, client_id: 7 })],
    ['is a header alone', () => Promise.resolve(Buffer.from('{"alg":"ES256"}').toString('base64url'))],
  ])('are unknown when the token %s', async (_what, make) => {
    const token = await make((await client.obtainTokens()).access_token);
    expect(await introspect(token)).toEqual({ active: false });
    await revoke(token);
  });

  it('are not found by their jti or digest: only who holds the token can ask', async () => {
    const { access_token: token } = await client.obtainTokens();
    expect(await introspect(String(decodeJwt(token).claims.jti))).toEqual({ active: false });
  });
});
