import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startDocumentHost } from '../../../test/support/document-host.ts';
import type { DocumentHost } from '../../../test/support/document-host.ts';
import { ClientDefinitionError } from '../src/clients/client-definition.ts';
import type { ClientAuthentication, ClientDefinition } from '../src/clients/client-definition.ts';
import { PreRegisteredClients } from '../src/clients/pre-registered-clients.ts';
import { readKeyEncryption } from '../src/keys/key-encryption.ts';
import { keyPolicy } from '../src/keys/key-life-cycle.ts';
import { loadServerSecrets } from '../src/keys/load-server-secrets.ts';
import { jsonOf, sendHttp } from '../../../test/support/authorization/http.ts';
import type { HttpAnswer } from '../../../test/support/authorization/http.ts';
import { callback, McpClient, resource } from '../../../test/support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../../../test/support/authorization/mcp-client.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

vi.mock('node:dns/promises', () => ({
  Resolver: class {
    resolve4 = async (host: string) => (host === 'agents.example' ? ['127.0.0.1'] : []);
    resolve6 = async () => [];
    cancel() {}
  },
}));

let replicas: Replicas;
let dataSource: DataSource;
let clients: PreRegisteredClients;
let keyHost: DocumentHost;

beforeAll(async () => {
  keyHost = await startDocumentHost(['agents.example']);
  replicas = await startReplicas(2, {
    AUTH_OUTBOUND_EXCEPTIONS: `agents.example:${keyHost.port} 127.0.0.1/32 ${keyHost.caFile}`,
  });
  dataSource = await replicas.database.open();
  const encryption = readKeyEncryption({
    GATEHOUSE_ENCRYPTION_KEY: replicas.environment['GATEHOUSE_ENCRYPTION_KEY'] ?? '',
    GATEHOUSE_ENCRYPTION_KEY_PREVIOUS: '',
  });
  const policy = keyPolicy({ AUTH_KEY_SET_MAX_AGE_SECONDS: 300, AUTH_SIGNING_KEY_DAYS: 30 });
  clients = new PreRegisteredClients(await loadServerSecrets(dataSource, encryption, policy));
});
afterAll(async () => {
  await replicas.stop();
  await keyHost.stop();
});

const definitionOf = (authentication: ClientAuthentication): ClientDefinition => {
  return { clientName: 'Reporting', redirectUris: [callback], authentication };
};
const create = (authentication: ClientAuthentication, oauthClientId?: string) =>
  dataSource.transaction((manager) => clients.create(manager, definitionOf(authentication), oauthClientId));
const basic = (oauthClientId: string, secret: string) => {
  const credentials = `${encodeURIComponent(oauthClientId)}:${encodeURIComponent(secret)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
};
const refreshForm = { grant_type: 'refresh_token', refresh_token: 'none that exists' };
const present = (form: Record<string, string>, headers: Record<string, string> = {}) =>
  McpClient.of(replicas, 'nobody').postForm('/token', { ...refreshForm, ...form }, headers);
/** Whether the token endpoint got as far as the refresh token, which does not exist. */
const isKnown = (answer: HttpAnswer) => {
  const { error } = jsonOf(answer) as { error: string };
  if (answer.status === 400 && error === 'invalid_grant') return true;
  expect([answer.status, error]).toEqual([401, 'invalid_client']);
  return false;
};
const auditOf = (oauthClientId: string) =>
  dataSource.query<{ type: string; details: Record<string, unknown> }[]>(
    `SELECT type, details FROM auth.audit_row WHERE oauth_client_id = $1 AND type LIKE 'client.%' ORDER BY id`,
    [oauthClientId],
  );

describe('a client with a secret (RFC 6749 §2.3.1)', () => {
  it.each(['client_secret_basic', 'client_secret_post'] as const)('is let through a login by %s', async (method) => {
    const { oauthClientId, secret = '' } = await create({ method });
    const proof = method === 'client_secret_post' ? { client_secret: secret } : {};
    const headers = method === 'client_secret_basic' ? basic(oauthClientId, secret) : {};
    const client = McpClient.of(replicas, oauthClientId);
    const form = {
      grant_type: 'authorization_code',
      code: await client.obtainCode(),
      redirect_uri: callback,
      code_verifier: client.verifier,
      client_id: oauthClientId,
      resource,
    };
    const stolen = await client.postForm('/token', form);
    expect([stolen.status, jsonOf(stolen)]).toEqual([401, expect.objectContaining({ error: 'invalid_client' })]);
    const answer = await client.postForm('/token', { ...form, ...proof }, headers);
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
    const tokens = jsonOf(answer) as TokenAnswer;
    for (let round = 0; round < 2; round++) {
      const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: oauthClientId };
      const refreshed = await client.postForm('/token', { ...refresh, ...proof }, headers);
      // OAuth 2.1 §4.3.1: it is bound to the client's authentication, so it does not rotate.
      expect(jsonOf(refreshed)).toMatchObject({ refresh_token: tokens.refresh_token });
      expect((await client.postForm('/token', refresh)).status).toBe(401);
    }
  });

  it('may send its secret either way, and no other secret', async () => {
    const { oauthClientId, secret = '' } = await create({ method: 'client_secret_basic' });
    const other = (await create({ method: 'client_secret_basic' })).secret ?? '';
    expect(isKnown(await present({}, basic(oauthClientId, secret)))).toBe(true);
    expect(isKnown(await present({ client_id: oauthClientId, client_secret: secret }))).toBe(true);
    for (const wrong of [other, `${secret}x`, secret.slice(1), 'x', '.', secret.toUpperCase()]) {
      expect(isKnown(await present({}, basic(oauthClientId, wrong)))).toBe(false);
    }
  });

  it('is known by nothing that the database holds', async () => {
    const { oauthClientId, secret = '' } = await create({ method: 'client_secret_post' });
    const [row] = await dataSource.query<{ digest: string }[]>(
      'SELECT digest FROM auth.client_secret WHERE oauth_client_id = $1',
      [oauthClientId],
    );
    expect(isKnown(await present({ client_id: oauthClientId, client_secret: row?.digest ?? '' }))).toBe(false);
    const [stored] = await dataSource.query<{ text: string }[]>(
      `SELECT c::text || s::text AS text FROM auth.oauth_client c JOIN auth.client_secret s ON s.oauth_client_id = c.id
       WHERE c.id = $1`,
      [oauthClientId],
    );
    expect(stored?.text).not.toContain(secret);
    expect(JSON.stringify(await auditOf(oauthClientId))).not.toContain(secret);
  });

  it('keeps its old secret for a while when it gets another, and can lose it at once', async () => {
    const { oauthClientId, secret: first = '' } = await create({ method: 'client_secret_post' });
    const isGood = async (secret: string) =>
      isKnown(await present({ client_id: oauthClientId, client_secret: secret }));
    const rotate = (options: { secret?: string; overlapSeconds?: number }) =>
      dataSource.transaction((manager) => clients.rotateSecret(manager, oauthClientId, options));
    const { secret: second } = await rotate({});
    expect([await isGood(first), await isGood(second)]).toEqual([true, true]);
    const chosen = 'a secret of the operator, chosen by dice'.replaceAll(' ', '-');
    expect(await rotate({ secret: chosen, overlapSeconds: 0 })).toEqual({ secret: chosen });
    expect([await isGood(first), await isGood(second), await isGood(chosen)]).toEqual([false, false, true]);
    expect((await auditOf(oauthClientId)).map(({ type }) => type)).toEqual([
      'client.registered',
      'client.secret_rotated',
      'client.secret_rotated',
    ]);
  });

  it('is not a public client to anybody who leaves the secret out', async () => {
    const { oauthClientId } = await create({ method: 'client_secret_basic' });
    expect(isKnown(await present({ client_id: oauthClientId }))).toBe(false);
    expect(isKnown(await present({ client_id: oauthClientId, client_secret: '' }))).toBe(false);
  });
});

describe('a pre-registered client', () => {
  it('without a secret is a public client, whose refresh token rotates', async () => {
    const { oauthClientId, secret } = await create({ method: 'none' }, 'public-app');
    expect([oauthClientId, secret]).toEqual(['public-app', undefined]);
    const client = McpClient.of(replicas, oauthClientId);
    const tokens = await client.obtainTokens();
    const refreshed = jsonOf(await client.refresh(tokens.refresh_token)) as TokenAnswer;
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);
  });

  it('ends with its grants, secrets and consents, so that nothing is left for the next one of its name', async () => {
    await create({ method: 'none' }, 'short-lived');
    const client = McpClient.of(replicas, 'short-lived');
    const tokens = await client.obtainTokens();
    expect(await dataSource.transaction((manager) => clients.delete(manager, 'short-lived'))).toBe(true);
    expect((await client.refresh(tokens.refresh_token)).status).toBe(401);
    await create({ method: 'none' }, 'short-lived');
    expect(jsonOf(await client.refresh(tokens.refresh_token))).toMatchObject({ error: 'invalid_grant' });
    const rows = await dataSource.query(`SELECT FROM auth.consent WHERE oauth_client_id = 'short-lived'`);
    expect(rows).toEqual([]);
    const revoked = await dataSource.query(
      `SELECT kind FROM auth.outbox WHERE kind = 'client' AND key = 'short-lived' AND tenant_id = 'default'`,
    );
    expect(revoked).toEqual([{ kind: 'client' }]);
    expect(await dataSource.transaction((manager) => clients.delete(manager, 'nobody'))).toBe(false);
  });

  it('is as it was declared, and stays so when it is declared again', async () => {
    const secret = randomUUID();
    const declared = definitionOf({ method: 'client_secret_post', secret });
    const apply = (definition: ClientDefinition) =>
      dataSource.transaction((manager) => clients.apply(manager, 'declared', definition));
    expect(await apply(declared)).toEqual({ oauthClientId: 'declared', outcome: 'created' });
    expect(await apply(declared)).toEqual({ oauthClientId: 'declared', outcome: 'unchanged' });
    expect(await apply({ ...declared, clientName: 'Renamed' })).toMatchObject({ outcome: 'updated' });
    expect(await apply(definitionOf({ method: 'client_secret_post', secret: randomUUID() }))).toMatchObject({
      outcome: 'updated',
    });
    expect(isKnown(await present({ client_id: 'declared', client_secret: secret }))).toBe(false);
    const kept = { method: 'client_secret_basic' } as const;
    expect(await apply(definitionOf(kept))).toEqual({ oauthClientId: 'declared', outcome: 'updated' });
    expect(await apply(definitionOf({ method: 'none' }))).toMatchObject({ outcome: 'updated' });
    expect(await apply(definitionOf(kept))).toMatchObject({ outcome: 'updated', secret: expect.any(String) });
    expect(await auditOf('declared')).toMatchObject([
      { type: 'client.registered', details: { clientName: 'Reporting', authenticationMethod: 'client_secret_post' } },
      { details: { clientName: 'Renamed', secretChanged: false, previous: { clientName: 'Reporting' } } },
      { details: { clientName: 'Reporting', secretChanged: true } },
      { details: { authenticationMethod: 'client_secret_basic', secretChanged: false } },
      { details: { authenticationMethod: 'none', secretChanged: true } },
      { type: 'client.updated', details: { authenticationMethod: 'client_secret_basic', secretChanged: true } },
    ]);
  });

  it('is listed with its definition, and changed field by field', async () => {
    await create({ method: 'none' }, 'listed');
    await dataSource.transaction((manager) =>
      clients.update(manager, 'listed', { logoUri: 'https://a.example/logo.png', clientName: 'Listed' }),
    );
    const listed = await clients.list(dataSource.manager);
    expect(listed.find(({ oauthClientId }) => oauthClientId === 'listed')).toEqual({
      oauthClientId: 'listed',
      registration: 'pre-registered',
      definition: {
        clientName: 'Listed',
        redirectUris: [callback],
        authentication: { method: 'none' },
        logoUri: 'https://a.example/logo.png',
      },
      createdAt: expect.any(Date),
      lastUsedAt: null,
    });
  });

  it.each<[string, Partial<ClientDefinition>]>([
    ['a script for a redirect URI', { redirectUris: ['javascript:alert(1)'] }],
    ['no redirect URI', { redirectUris: [] }],
    ['a foreign scheme', { redirectUris: ['myapp://callback'] }],
    ['no name', { clientName: ' ' }],
    ['a home page at http', { clientUri: 'http://a.example/' }],
    ['a secret that can be guessed', { authentication: { method: 'client_secret_post', secret: 'secret' } }],
    ['a key method without keys', { authentication: { method: 'private_key_jwt' } }],
    ['keys at http', { authentication: { method: 'private_key_jwt', jwksUri: 'http://a.example/keys' } }],
    ['a private key', { authentication: { method: 'private_key_jwt', jwks: { keys: [{ kty: 'EC', d: 'x' }] } } }],
  ])('is not made of %s, nor changed to it', async (_what, wrong) => {
    const definition = { ...definitionOf({ method: 'none' }), ...wrong };
    const id = randomUUID();
    const created = dataSource.transaction((manager) => clients.create(manager, definition, id));
    await expect(created).rejects.toThrow(ClientDefinitionError);
    expect(await clients.find(dataSource.manager, id)).toBeUndefined();
    await create({ method: 'none' }, id);
    const updated = dataSource.transaction((manager) => clients.update(manager, id, wrong));
    await expect(updated).rejects.toThrow(ClientDefinitionError);
  });

  it("takes no id that is taken, and a client that registered itself is not its operator's to change", async () => {
    await create({ method: 'none' }, 'taken');
    await expect(create({ method: 'none' }, 'taken')).rejects.toThrow('There is a client taken already.');
    const { oauthClientId } = await McpClient.register(replicas);
    const change = dataSource.transaction((manager) => clients.update(manager, oauthClientId, { clientName: 'Mine' }));
    await expect(change).rejects.toThrow(ClientDefinitionError);
    await expect(create({ method: 'none' }, 'with space')).rejects.toThrow(ClientDefinitionError);
  });
});

describe('a client that authenticates by assertion (RFC 7523 §3)', () => {
  const oauthClientId = 'pre-registered';
  let key: CryptoKey;
  let publicKey: JWK;

  beforeAll(async () => {
    const pair = await generateKeyPair('ES256');
    key = pair.privateKey;
    publicKey = { ...(await exportJWK(pair.publicKey)), alg: 'ES256', use: 'sig' };
    await create({ method: 'private_key_jwt', jwks: { keys: [publicKey] } }, oauthClientId);
  });

  const assertion = (audience: string | string[], subject = oauthClientId) =>
    new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(subject)
      .setSubject(subject)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(key);
  const proofOf = (value: string) => {
    return { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: value };
  };
  const isAuthenticated = async (value: string) => isKnown(await present(proofOf(value)));

  it('is known by an assertion for the issuer', async () => {
    expect(await isAuthenticated(await assertion(replicas.issuer))).toBe(true);
  });

  it('may have its keys at a URL, which are fetched as documents are', async () => {
    keyHost.serve('/keys', { keys: [publicKey] });
    const jwksUri = `https://agents.example:${keyHost.port}/keys`;
    await create({ method: 'private_key_jwt', jwksUri, algorithm: 'ES256' }, 'keys-elsewhere');
    expect(await isAuthenticated(await assertion(replicas.issuer, 'keys-elsewhere'))).toBe(true);
    await create({ method: 'private_key_jwt', jwksUri: 'https://inner.example/keys' }, 'keys-nowhere');
    expect(await isAuthenticated(await assertion(replicas.issuer, 'keys-nowhere'))).toBe(false);
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
