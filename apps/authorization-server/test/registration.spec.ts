import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectUnusedClients } from '../src/clients/collect-unused-clients.ts';
import { deleteClient } from '../src/clients/delete-client.ts';
import { InitialAccessTokens } from '../src/clients/initial-access-tokens.ts';
import { sweepExpired } from '../src/storage/sweep-expired.ts';
import { jsonOf, sendHttp } from '../../../test/support/authorization/http.ts';
import { callback, McpClient, registerClient, resource } from '../../../test/support/authorization/mcp-client.ts';
import { duringTransaction } from './during-transaction.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

const cursorRedirects = [
  'cursor://anysphere.cursor-mcp/oauth/callback',
  'http://localhost:8787/callback',
  'https://www.cursor.com/agents/mcp/oauth/callback',
];

describe('dynamic client registration (RFC 7591)', () => {
  let replicas: Replicas;

  beforeAll(async () => {
    replicas = await startReplicas(2);
  });
  afterAll(() => replicas.stop());

  it('makes a public client with code and refresh grants, and no secret', async () => {
    const answer = await registerClient(replicas, { client_name: 'Agent', redirect_uris: [callback] });
    expect(answer.status).toBe(201);
    expect(answer.headers['cache-control']).toBe('no-store');
    const metadata = jsonOf(answer);
    expect(metadata).toMatchObject({
      client_id: expect.any(String),
      client_name: 'Agent',
      redirect_uris: [callback],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    });
    expect(metadata).not.toHaveProperty('client_secret');
    expect(metadata).not.toHaveProperty('client_secret_expires_at');
  });

  it.each([
    ['the scope that the official SDK sends, which would be a ceiling for ever', { scope: 'mcp files:read' }, 'scope'],
    ['a logo, which the approval page must not load', { logo_uri: 'http://169.254.169.254/logo' }, 'logo_uri'],
    ['a key set, which would have to be fetched', { jwks_uri: 'http://169.254.169.254/keys' }, 'jwks_uri'],
    ['an unknown field', { software_statement: 'eyJ' }, 'software_statement'],
    ['a URL that is not https', { client_uri: 'javascript:alert(1)' }, 'client_uri'],
  ])('ignores %s', async (_what, metadata, field) => {
    const answer = await registerClient(replicas, { redirect_uris: [callback], ...metadata });
    expect(answer.status).toBe(201);
    expect(jsonOf(answer)).not.toHaveProperty(field);
  });

  it.each([
    ['a client that asks for a secret', { token_endpoint_auth_method: 'client_secret_post' }],
    ['a client that says nothing of grants', {}],
    ['a client that names the code grant alone', { grant_types: ['authorization_code'] }],
  ])('serves %s as a public client with a refresh grant', async (_what, metadata) => {
    const answer = await registerClient(replicas, { redirect_uris: [callback], ...metadata });
    expect(answer.status).toBe(201);
    expect(jsonOf(answer)).toMatchObject({
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
    });
  });

  it.each([
    ['Cursor, which registers three at once', cursorRedirects],
    ['ChatGPT', ['https://chatgpt.com/connector/oauth/abc123']],
    ['VS Code', ['http://127.0.0.1:33418/', 'https://vscode.dev/redirect']],
    ['IPv6 loopback', ['http://[::1]:9999/callback']],
    ['a query', ['https://app.example/callback?client=7']],
  ])('accepts the redirect URIs of %s', async (_who, redirectUris) => {
    const answer = await registerClient(replicas, { redirect_uris: redirectUris });
    expect(answer.status).toBe(201);
    expect(jsonOf(answer)).toMatchObject({ redirect_uris: redirectUris });
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,hello',
    'file:///etc/passwd',
    'vbscript:x',
    'blob:https://app.example/1',
    'about:blank',
    'ftp://app.example/callback',
    'intent://scan/#Intent;scheme=zxing;end',
    'chrome-extension://abcdef/callback',
    'com.example.app:/callback',
    'myapp://callback',
    'cursor://anysphere.cursor-mcp/oauth/callback/other',
    'cursor://evil/oauth/callback',
    'http://app.example/callback',
    'http://localhost.evil.example/callback',
    'http://127.0.0.1.evil.example/callback',
    'http://127.1:80@evil.example/',
    'http://2130706433.evil.example/',
    'https://app.example/callback#fragment',
    'https://app.example/callback#',
    'https://user@app.example/callback',
    'https://user:password@app.example/callback',
    'https://localhost/callback',
    'https:/\\evil.example',
    'https://app.example/call back',
    ' https://app.example/callback',
    'https://app.example/\u0000callback',
    'https://app.example\n/callback',
    '//app.example/callback',
    '/callback',
    'callback',
    '',
    `https://app.example/${'a'.repeat(3_000)}`,
  ])('refuses the redirect URI %j with invalid_redirect_uri (RFC 7591 §3.2.2)', async (uri) => {
    const answer = await registerClient(replicas, { redirect_uris: [callback, uri] });
    expect(answer.status).toBe(400);
    expect(jsonOf(answer)).toMatchObject({ error: 'invalid_redirect_uri' });
  });

  it.each([
    ['no redirect URI', {}, 'invalid_redirect_uri'],
    ['an empty list of redirect URIs', { redirect_uris: [] }, 'invalid_redirect_uri'],
    ['redirect URIs that are no list', { redirect_uris: callback }, 'invalid_redirect_uri'],
    ['redirect URIs that are no strings', { redirect_uris: [{ href: callback }] }, 'invalid_redirect_uri'],
    ['eleven redirect URIs', { redirect_uris: Array.from({ length: 11 }, () => callback) }, 'invalid_redirect_uri'],
    ['client credentials', { grant_types: ['client_credentials'] }, 'invalid_client_metadata'],
    [
      'a JWT bearer grant',
      { grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:jwt-bearer'] },
      'invalid_client_metadata',
    ],
    ['the implicit grant', { grant_types: ['implicit'] }, 'invalid_client_metadata'],
    ['an implicit response', { response_types: ['token'] }, 'invalid_client_metadata'],
    ['a hybrid response', { response_types: ['code id_token'] }, 'invalid_client_metadata'],
    ['a private key', { token_endpoint_auth_method: 'private_key_jwt' }, 'invalid_client_metadata'],
    ['TLS authentication', { token_endpoint_auth_method: 'tls_client_auth' }, 'invalid_client_metadata'],
    ['a name with a NUL', { client_name: 'a\u0000b' }, 'invalid_client_metadata'],
    ['a name with a line break', { client_name: 'a\nb' }, 'invalid_client_metadata'],
    ['a name with half a surrogate pair', { client_name: '\ud800' }, 'invalid_client_metadata'],
    ['a name of 201 characters', { client_name: 'a'.repeat(201) }, 'invalid_client_metadata'],
    ['a name that is no text', { client_name: { en: 'a' } }, 'invalid_client_metadata'],
  ])('refuses %s', async (_what, metadata, error) => {
    const defaults = error === 'invalid_redirect_uri' ? {} : { redirect_uris: [callback] };
    const answer = await registerClient(replicas, { ...defaults, ...metadata });
    expect(answer.status).toBe(400);
    expect(jsonOf(answer)).toMatchObject({ error });
  });

  it.each([
    ['not JSON', '{', 'application/json', 400],
    ['an array', '[]', 'application/json', 400],
    ['null', 'null', 'application/json', 400],
    ['a string', '"redirect_uris"', 'application/json', 400],
    ['nothing', '', 'application/json', 400],
    ['a form', 'redirect_uris=https%3A%2F%2Fapp.example', 'application/x-www-form-urlencoded', 400],
    ['no type', '{}', 'text/plain', 400],
    ['60 KiB', JSON.stringify({ client_name: 'a'.repeat(60 * 1_024) }), 'application/json', 413],
  ])('refuses a body that is %s', async (_what, body, type, status) => {
    const answer = await replicas.send('/reg', { method: 'POST', headers: { 'content-type': type }, body });
    expect(answer.status).toBe(status);
    expect(jsonOf(answer)).toMatchObject({ error: expect.stringMatching(/^invalid_/) });
  });

  it('writes an audit row with the client', async () => {
    const { client_id: oauthClientId } = jsonOf(
      await registerClient(replicas, { client_name: 'Audited', redirect_uris: [callback] }),
    ) as { client_id: string };
    const dataSource = await replicas.database.open();
    const rows = await dataSource.query(
      `SELECT tenant_id, type, outcome, address, trace_id, details FROM auth.audit_row WHERE oauth_client_id = $1`,
      [oauthClientId],
    );
    expect(rows).toEqual([
      {
        tenant_id: 'default',
        type: 'client.registered',
        outcome: 'success',
        address: '127.0.0.1',
        trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        details: { clientName: 'Audited', redirectUris: [callback] },
      },
    ]);
  });

  it('writes audit rows for refusals, few for a flood of them', async () => {
    const refused = { client_name: 'Refused', redirect_uris: ['javascript:alert(1)'] };
    for (let round = 0; round < 40; round++) expect((await registerClient(replicas, refused)).status).toBe(400);
    const dataSource = await replicas.database.open();
    const rows = await dataSource.query<unknown[]>(
      `SELECT outcome, reason, address FROM auth.audit_row WHERE type = 'client.refused'`,
    );
    // The many refusals before these fall into the same minute or two, at each of two replicas.
    expect(rows.length).toBeGreaterThanOrEqual(20);
    expect(rows.length).toBeLessThanOrEqual(44);
    expect(rows[0]).toEqual({ outcome: 'failure', reason: expect.stringMatching(/^invalid_/), address: '127.0.0.1' });
  });

  it('writes an audit row for an update with what the client becomes and what it was', async () => {
    const created = jsonOf(await registerClient(replicas, { client_name: 'First', redirect_uris: [callback] })) as {
      client_id: string;
      registration_access_token: string;
    };
    const redirectUri = 'https://app.example/callback';
    const update = { client_id: created.client_id, client_name: 'Second', redirect_uris: [redirectUri] };
    const updated = await replicas.send(`/reg/${created.client_id}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${created.registration_access_token}`, 'content-type': 'application/json' },
      body: JSON.stringify(update),
    });
    expect(updated.status).toBe(200);
    const dataSource = await replicas.database.open();
    const rows = await dataSource.query<unknown[]>(
      `SELECT outcome, actor, details FROM auth.audit_row WHERE type = 'client.updated' AND oauth_client_id = $1`,
      [created.client_id],
    );
    const details = {
      clientName: 'Second',
      redirectUris: [redirectUri],
      previous: { clientName: 'First', redirectUris: [callback] },
    };
    expect(rows).toEqual([{ outcome: 'success', actor: `client:${created.client_id}`, details }]);
  });

  it('lets the client read, update under the same policy, and delete itself (RFC 7592)', async () => {
    const created = jsonOf(await registerClient(replicas, { client_name: 'First', redirect_uris: [callback] })) as {
      client_id: string;
      registration_access_token: string;
      registration_client_uri: string;
    };
    expect(created.registration_client_uri).toBe(`${replicas.issuer}/reg/${created.client_id}`);
    const manage = (method: string, body?: unknown) =>
      replicas.send(`/reg/${created.client_id}`, {
        method,
        headers: {
          authorization: `Bearer ${created.registration_access_token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    expect(jsonOf(await manage('GET'))).toMatchObject({ client_name: 'First' });
    const update = { client_id: created.client_id, client_name: 'Second', redirect_uris: [callback], scope: 'mcp' };
    const updated = await manage('PUT', update);
    expect(updated.status).toBe(200);
    expect(jsonOf(updated)).toMatchObject({ client_name: 'Second' });
    expect(jsonOf(updated)).not.toHaveProperty('scope');
    const refused = await manage('PUT', { ...update, redirect_uris: ['http://app.example/'] });
    expect(jsonOf(refused)).toMatchObject({ error: 'invalid_redirect_uri' });
    expect((await manage('DELETE')).status).toBe(204);
    expect((await manage('GET')).status).toBe(401);
  });

  it('lets nobody manage a client with the token of another one, or without one (RFC 7592 §2)', async () => {
    const [one, other] = await Promise.all([registered(), registered()]);
    const manage = (method: string, token?: string) =>
      replicas.send(`/reg/${one.client_id}`, {
        method,
        headers: {
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        ...(method === 'PUT' ? { body: JSON.stringify({ client_id: one.client_id, redirect_uris: [callback] }) } : {}),
      });
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect((await manage(method)).status).toBe(401);
      expect((await manage(method, 'guessed')).status).toBe(401);
    }
    expect((await manage('DELETE', other.registration_access_token)).status).toBe(401);
    expect((await manage('GET', one.registration_access_token)).status).toBe(200);
  });

  it.each([
    ['a secret', { client_secret: 'chosen' }],
    ['another grant', { grant_types: ['client_credentials'] }],
    ['a key', { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [] } }],
    ['a script for a redirect URI', { redirect_uris: ['javascript:alert(1)'] }],
    ['another id', { client_id: 'another' }],
  ])('gives an update of a client no %s', async (_what, change) => {
    const { client_id: oauthClientId, registration_access_token: token } = await registered();
    const answer = await replicas.send(`/reg/${oauthClientId}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ client_id: oauthClientId, redirect_uris: [callback], ...change }),
    });
    expect(answer.status).toBe('client_secret' in change ? 200 : 400);
    const read = await replicas.send(`/reg/${oauthClientId}`, { headers: { authorization: `Bearer ${token}` } });
    expect(jsonOf(read)).toMatchObject({
      client_id: oauthClientId,
      redirect_uris: [callback],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
    });
    expect(jsonOf(read)).not.toHaveProperty('client_secret');
  });

  it('does not bring a client back by an update that was under way when it was deleted', async () => {
    const { client_id: oauthClientId, registration_access_token: token } = await registered();
    const dataSource = await replicas.database.open();
    const answer = await duringTransaction(dataSource, {
      before: (manager) => deleteClient(manager, oauthClientId, { reason: 'client_deleted' }),
      ask: () =>
        replicas.send(`/reg/${oauthClientId}`, {
          method: 'PUT',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ client_id: oauthClientId, redirect_uris: [callback] }),
        }),
    });
    expect([answer.status, jsonOf(answer)]).toEqual([401, expect.objectContaining({ error: 'invalid_token' })]);
    expect(await dataSource.query('SELECT 1 FROM auth.oauth_client WHERE id = $1', [oauthClientId])).toEqual([]);
  });

  it('ends the grants of a client that deletes itself', async () => {
    const created = await registered();
    const client = McpClient.of(replicas, created.client_id);
    const tokens = await client.obtainTokens();
    const headers = { authorization: `Bearer ${created.registration_access_token}` };
    expect((await replicas.send(`/reg/${created.client_id}`, { method: 'DELETE', headers })).status).toBe(204);
    expect((await client.refresh(tokens.refresh_token, { resource })).status).toBe(401);
    const dataSource = await replicas.database.open();
    const living = await dataSource.query(
      'SELECT FROM auth.oauth_grant WHERE oauth_client_id = $1 AND ended_at IS NULL',
      [created.client_id],
    );
    expect(living).toEqual([]);
  });

  it('collects clients that are not used, with an audit row each, by two replicas at once', async () => {
    const dataSource = await replicas.database.open();
    const policy = { neverUsedHours: 24, unusedDays: 90 };
    const [fresh, neverUsed, used, unused] = await Promise.all([
      registered(),
      registered(),
      registered(),
      registered(),
    ]);
    const unusedClient = McpClient.of(replicas, unused.client_id);
    const tokens = await unusedClient.obtainTokens();
    const set = (oauthClientId: string, createdAt: string, lastUsedAt: string | null) =>
      dataSource.query(
        'UPDATE auth.oauth_client SET created_at = now() - $2::interval, last_used_at = now() - $3::interval WHERE id = $1',
        [oauthClientId, createdAt, lastUsedAt],
      );
    await set(fresh.client_id, '23 hours', null);
    await set(neverUsed.client_id, '25 hours', null);
    await set(used.client_id, '400 days', '89 days');
    await set(unused.client_id, '400 days', '91 days');
    const preRegistered = randomUUID();
    await dataSource.query(
      `INSERT INTO auth.oauth_client (id, tenant_id, registration, metadata, created_at)
       VALUES ($1, 'default', 'pre-registered', '{}', now() - interval '400 days')`,
      [preRegistered],
    );
    const collected = await Promise.all([
      collectUnusedClients(dataSource, policy),
      collectUnusedClients(await replicas.database.open(), policy),
    ]);
    expect(collected[0] + collected[1]).toBe(2);
    const ids = [fresh, neverUsed, used, unused].map(({ client_id: id }) => id);
    const left = await dataSource.query<{ id: string }[]>('SELECT id FROM auth.oauth_client WHERE id = ANY($1)', [
      [...ids, preRegistered],
    ]);
    expect(left.map(({ id }) => id).toSorted()).toEqual([fresh.client_id, used.client_id, preRegistered].toSorted());
    const audit = await dataSource.query(
      `SELECT oauth_client_id AS id, actor, reason, details->>'clientName' AS name FROM auth.audit_row
       WHERE type = 'client.collected' AND oauth_client_id = ANY($1) ORDER BY reason`,
      [ids],
    );
    expect(audit).toEqual([
      { id: neverUsed.client_id, actor: 'system', reason: 'never_used', name: 'Registered' },
      { id: unused.client_id, actor: 'system', reason: 'unused', name: 'Registered' },
    ]);
    expect((await unusedClient.refresh(tokens.refresh_token, { resource })).status).toBe(401);
    const headers = { authorization: `Bearer ${neverUsed.registration_access_token}` };
    expect((await replicas.send(`/reg/${neverUsed.client_id}`, { headers })).status).toBe(401);
  });

  const registered = async () => {
    const answer = await registerClient(replicas, { client_name: 'Registered', redirect_uris: [callback] });
    return jsonOf(answer) as { client_id: string; registration_access_token: string };
  };
});

describe('registration at servers that limit it', () => {
  let replicas: Replicas;
  let dataSource: DataSource;

  beforeAll(async () => {
    replicas = await startReplicas(2, { AUTH_REGISTRATIONS_PER_MINUTE: '10' });
    dataSource = await replicas.database.open();
  });
  afterAll(() => replicas.stop());

  const register = async (port: number, headers: Record<string, string> = {}, redirectUri = callback) =>
    await sendHttp({
      port,
      method: 'POST',
      target: '/reg',
      headers: { host: new URL(replicas.issuer).host, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ client_name: 'Limited', redirect_uris: [redirectUri] }),
    });

  it('is answered 429 beyond the limit, which all replicas share (RFC 6585 §4)', async () => {
    const answers = await Promise.all(
      Array.from({ length: 25 }, () => registerClient(replicas, { redirect_uris: [callback] })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(15);
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0);
    const update = await replicas.send('/reg/any', { method: 'PUT', headers: { authorization: 'Bearer x' } });
    expect(update.status).toBe(429);
  });

  it("is nobody's where it is off, and not announced; clients that are there can be managed", async () => {
    const [{ id, token } = { id: '', token: '' }] = await registeredBefore();
    const { port } = await replicas.add({ AUTH_REGISTRATION: 'off' });
    const refused = await register(port);
    expect([refused.status, jsonOf(refused)]).toEqual([403, expect.objectContaining({ error: 'access_denied' })]);
    const host = new URL(replicas.issuer).host;
    const metadata = await sendHttp({ port, target: '/.well-known/oauth-authorization-server', headers: { host } });
    expect(jsonOf(metadata)).not.toHaveProperty('registration_endpoint');
    const headers = { host, authorization: `Bearer ${token}` };
    expect((await sendHttp({ port, target: `/reg/${id}`, headers })).status).toBe(200);
  });

  it('makes room by clients that were never used, and otherwise is answered 429 when there are too many', async () => {
    const { port } = await replicas.add({
      AUTH_REGISTERED_CLIENTS_MAX: '3',
      AUTH_REGISTRATIONS_PER_MINUTE: '1000',
    });
    await dataSource.query('DELETE FROM auth.oauth_client');
    const answers = await Promise.all(Array.from({ length: 8 }, () => register(port)));
    expect(countsOf(answers)).toEqual({ 201: 3, 429: 5 });
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.headers['retry-after']).toBe('3600');
    const [oldest] = await dataSource.query<{ id: string }[]>('SELECT id FROM auth.oauth_client ORDER BY created_at');
    await dataSource.query(`UPDATE auth.oauth_client SET created_at = now() - interval '2 hours' WHERE id = $1`, [
      oldest?.id,
    ]);
    const again = await Promise.all([register(port), register(port)]);
    expect(countsOf(again)).toEqual({ 201: 1, 429: 1 });
    const rows = await dataSource.query(
      `SELECT oauth_client_id AS id FROM auth.audit_row WHERE type = 'client.collected' AND reason = 'quota'`,
    );
    expect(rows).toEqual([{ id: oldest?.id }]);
  });

  describe('by initial access token (RFC 7591 §3)', () => {
    const tokens = new InitialAccessTokens();
    let port: number;

    beforeAll(async () => {
      const settings = { AUTH_REGISTRATION: 'initial-access-token', AUTH_REGISTRATIONS_PER_MINUTE: '1000' };
      ({ port } = await replicas.add(settings));
    });

    const create = (expiresInSeconds = 60) =>
      dataSource.transaction((manager) => tokens.create(manager, { label: 'for a test', expiresInSeconds }));
    const bearer = (token: string) => {
      return { authorization: `Bearer ${token}` };
    };

    it('is one client each, out of ten at the same time', async () => {
      const { id, token } = await create();
      const answers = await Promise.all(Array.from({ length: 10 }, () => register(port, bearer(token))));
      expect(countsOf(answers)).toEqual({ 201: 1, 401: 9 });
      const created = answers.find(({ status }) => status === 201);
      const { client_id: oauthClientId } = JSON.parse(created?.text ?? '{}') as { client_id: string };
      const row = (await tokens.list(dataSource.manager)).find((listed) => listed.id === id);
      expect(row).toMatchObject({ label: 'for a test', oauthClientId, usedAt: expect.any(Date) });
      const audit = await dataSource.query(
        `SELECT type, oauth_client_id AS client FROM auth.audit_row WHERE details->>'id' = $1 ORDER BY id`,
        [id],
      );
      expect(audit).toEqual([
        { type: 'initial_access_token.created', client: null },
        { type: 'initial_access_token.used', client: oauthClientId },
      ]);
    });

    it('leaves the token good when the registration is refused', async () => {
      const { token } = await create();
      expect((await register(port, bearer(token), 'javascript:alert(1)')).status).toBe(400);
      expect((await register(port, { ...bearer(token), 'content-type': 'text/plain' })).status).toBe(400);
      expect((await register(port, bearer(token))).status).toBe(201);
    });

    it.each([
      ['an unknown token', async () => bearer('unknown')],
      ['an expired token', async () => bearer((await create(-1)).token)],
      [
        'a token that was taken back',
        async () => {
          const { id, token } = await create();
          expect(await dataSource.transaction((manager) => tokens.revoke(manager, id))).toBe(true);
          expect(await dataSource.transaction((manager) => tokens.revoke(manager, id))).toBe(false);
          return bearer(token);
        },
      ],
    ])('is refused to %s (RFC 6750 §3)', async (_what, headersOf) => {
      const answer = await register(port, await headersOf());
      expect([answer.status, jsonOf(answer)]).toEqual([401, expect.objectContaining({ error: 'invalid_token' })]);
      expect(answer.headers['www-authenticate']).toBe(`Bearer realm="${replicas.issuer}", error="invalid_token"`);
      expect(answer.headers['access-control-allow-origin']).toBe('*');
    });

    it('is refused without a token, with a challenge that names no error (RFC 6750 §3)', async () => {
      const { token } = await create();
      for (const headers of [{}, { authorization: `Basic ${token}` }, { authorization: 'Bearer' }]) {
        const answer = await register(port, headers);
        expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, `Bearer realm="${replicas.issuer}"`]);
      }
    });

    it('keeps no token that can be read, and none longer than it is good', async () => {
      const { id, token } = await create();
      await create(-1);
      const [row] = await dataSource.query<{ text: string }[]>(
        'SELECT t::text AS text FROM auth.initial_access_token t WHERE id = $1',
        [id],
      );
      expect(row?.text).not.toContain(token);
      await sweepExpired(dataSource);
      const expired = await dataSource.query('SELECT FROM auth.initial_access_token WHERE expires_at < now()');
      expect(expired).toEqual([]);
    });
  });

  const countsOf = (answers: { status: number }[]) => {
    const groups = Map.groupBy(answers, ({ status }) => status);
    return Object.fromEntries([...groups].map(([status, { length }]) => [status, length]));
  };

  async function registeredBefore(): Promise<{ id: string; token: string }[]> {
    const { port } = await replicas.add({ AUTH_REGISTRATIONS_PER_MINUTE: '1000' });
    const answer = jsonOf(await register(port)) as { client_id: string; registration_access_token: string };
    return [{ id: answer.client_id, token: answer.registration_access_token }];
  }
});
