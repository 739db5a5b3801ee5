import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import type { RequestListener, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey } from 'jose';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sweepExpired } from '../src/storage/sweep-expired.ts';
import { Browser } from '../../../test/support/authorization/browser.ts';
import { startDocumentHost, startEgressProxy } from '../../../test/support/document-host.ts';
import type { DocumentHost } from '../../../test/support/document-host.ts';
import { jsonOf, sendHttp } from '../../../test/support/authorization/http.ts';
import type { HttpAnswer } from '../../../test/support/authorization/http.ts';
import { McpClient, resource } from '../../../test/support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../../../test/support/authorization/mcp-client.ts';
import { begin, decide, isApprovalPage, show } from '../../../test/support/authorization/pages.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

const names = vi.hoisted(() => new Map<string, string[]>());

vi.mock('node:dns/promises', () => ({
  Resolver: class {
    resolve4 = async (host: string) => (names.get(host) ?? []).filter((address) => !address.includes(':'));
    resolve6 = async (host: string) => (names.get(host) ?? []).filter((address) => address.includes(':'));
    cancel() {}
  },
}));

vi.setConfig({ testTimeout: 60_000 });

interface Document {
  client_id: string;
  client_name: string;
  redirect_uris: string[];
  [name: string]: unknown;
}

const privateKey = { kty: 'EC', crv: 'P-256', x: 'a', y: 'b', d: 'c' };

const keysOf = (key: Record<string, unknown>) => {
  return { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key] } };
};

/** The beginning of a PNG of so many pixels a side. */
const logo = (pixels: number) => {
  const bytes = Buffer.alloc(33);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  bytes.write('IHDR', 12);
  bytes.writeUInt32BE(pixels, 16);
  bytes.writeUInt32BE(pixels, 20);
  return bytes;
};

const send = (response: ServerResponse, type: string, body: string) =>
  response.writeHead(200, { 'content-type': type }).end(body);
const sendEncoded = (response: ServerResponse) =>
  response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(gzipSync('{}'));

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`fixtures/client-documents/${name}.json`, import.meta.url), 'utf8')) as Document;

describe('the metadata documents of well-known clients, fetched through an egress proxy', () => {
  const hosts = ['claude.ai', 'chatgpt.com', 'vscode.dev', 'cursor.com'];
  let replicas: Replicas;
  let host: DocumentHost;
  let proxy: Awaited<ReturnType<typeof startEgressProxy>>;
  let key: CryptoKey;

  beforeAll(async () => {
    host = await startDocumentHost(hosts);
    proxy = await startEgressProxy(host);
    replicas = await startReplicas(2, {
      AUTH_EGRESS_PROXY: `http://127.0.0.1:${proxy.port}`,
      AUTH_OUTBOUND_EXCEPTIONS: hosts.map((name) => `${name} 192.0.2.0/24 ${host.caFile}`).join(', '),
    });
    const pair = await generateKeyPair('RS256');
    key = pair.privateKey;
    host.serve('/oauth/jwks.json', { keys: [{ ...(await exportJWK(pair.publicKey)), alg: 'RS256', use: 'sig' }] });
  });
  afterAll(async () => {
    await replicas.stop();
    await proxy.stop();
    await host.stop();
  });

  it.each([
    ['Claude', 'claude', 'https://claude.ai/api/mcp/auth_callback'],
    ['Claude Code, on the loopback port that was free', 'claude-code', 'http://localhost:52163/callback'],
    ['ChatGPT', 'chatgpt', 'https://chatgpt.com/connector/oauth/IbUR3zxyNQ16'],
    ['VS Code, on the loopback port that was free', 'vscode', 'http://127.0.0.1:40001/'],
    ['VS Code in the browser', 'vscode', 'https://vscode.dev/redirect'],
    ['Cursor, by its own scheme', 'cursor', 'cursor://anysphere.cursor-mcp/oauth/callback'],
    ['Cursor, on loopback', 'cursor', 'http://localhost:8787/callback'],
  ])('let %s in without registration, and refresh', async (_who, name, redirectUri) => {
    const document = fixture(name);
    host.serve(new URL(document.client_id).pathname, document);
    const client = McpClient.of(replicas, document.client_id);
    const tokens = await obtainTokens(client, redirectUri);
    expect(tokens).toMatchObject({ token_type: 'Bearer', scope: 'mcp', refresh_token: expect.any(String) });
    const refreshed = await client.refresh(tokens.refresh_token, { resource });
    expect(refreshed.status).toBe(200);
    expect(proxy.authorities).toContain(`${new URL(document.client_id).host}:443`);
  });

  it.each([
    ['that prefers a key and can do without', { token_endpoint_auth_method: 'private_key_jwt' }],
    ['that lists both ways', {}],
  ])('let a client %s prove itself with its key', async (what, metadata) => {
    const document = {
      ...fixture('chatgpt'),
      ...metadata,
      client_id: `https://chatgpt.com/oauth/${what.length}/c.json`,
    };
    host.serve(new URL(document.client_id).pathname, document);
    const client = McpClient.of(replicas, document.client_id);
    const [redirectUri = ''] = document.redirect_uris;
    const proof = await assertionOf(client, key);
    const tokens = await obtainTokens(client, redirectUri, proof);
    // RFC 6749 §6: a token that was issued to a client that authenticates is nobody's who does not.
    const stolen = await client.refresh(tokens.refresh_token, { resource });
    expect([stolen.status, jsonOf(stolen)]).toEqual([400, expect.objectContaining({ error: 'invalid_grant' })]);
    const { oauthClientId } = client;
    await client.postForm('/token/revocation', { token: tokens.refresh_token, client_id: oauthClientId });
    // A confidential client keeps its refresh token (OAuth 2.1 §4.3.1).
    const refreshed = await client.refresh(tokens.refresh_token, { resource, ...(await assertionOf(client, key)) });
    expect(refreshed.status).toBe(200);
    const stranger = (await generateKeyPair('RS256')).privateKey;
    const forged = await client.refresh(tokens.refresh_token, { resource, ...(await assertionOf(client, stranger)) });
    expect([forged.status, jsonOf(forged)]).toEqual([401, expect.objectContaining({ error: 'invalid_client' })]);
  });

  it('let a client prove itself with a key that stands in its document', async () => {
    const pair = await generateKeyPair('RS256');
    const { jwks_uri: _, ...fields } = fixture('chatgpt');
    const document = {
      ...fields,
      client_id: 'https://chatgpt.com/oauth/inline/client.json',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ ...(await exportJWK(pair.publicKey)), alg: 'RS256', use: 'sig', x5c: ['MII'] }] },
    };
    host.serve(new URL(document.client_id).pathname, document);
    const client = McpClient.of(replicas, document.client_id);
    const [redirectUri = ''] = fixture('chatgpt').redirect_uris;
    const tokens = await obtainTokens(client, redirectUri, await assertionOf(client, pair.privateKey));
    expect(tokens.scope).toBe('mcp');
  });

  it('do not let a client without an assertion pass for one that has a key only', async () => {
    const document = {
      ...fixture('chatgpt'),
      client_id: 'https://chatgpt.com/oauth/key-only/client.json',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
    };
    host.serve(new URL(document.client_id).pathname, document);
    const client = McpClient.of(replicas, document.client_id);
    const [redirectUri = ''] = document.redirect_uris;
    const code = (await client.authorize({ redirect_uri: redirectUri })).get('code') ?? '';
    const answer = await client.redeem(code, { resource, redirect_uri: redirectUri });
    expect([answer.status, jsonOf(answer)]).toEqual([401, expect.objectContaining({ error: 'invalid_client' })]);
  });

  it('show the host of the document beside the name on the approval page, and load nothing from it', async () => {
    const document = fixture('chatgpt');
    host.serve(new URL(document.client_id).pathname, document);
    const client = McpClient.of(replicas, document.client_id);
    const page = await begin(new Browser(replicas), client, { redirect_uri: document.redirect_uris[0] ?? '' });
    const text = page.body.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
    expect(text).toContain('Connect ChatGPT?');
    expect(text).toContain('Described by chatgpt.com');
    expect(text).toContain('chatgpt.com calls it “ChatGPT”; nobody else has verified this name.');
    expect(page.body).not.toContain('oaistatic');
    expect(page.body).not.toContain('<img');
  });

  async function obtainTokens(client: McpClient, redirectUri: string, proof = {}): Promise<TokenAnswer> {
    const code = (await client.authorize({ redirect_uri: redirectUri })).get('code') ?? '';
    const answer = await client.redeem(code, { resource, redirect_uri: redirectUri, ...proof });
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
    return jsonOf(answer) as TokenAnswer;
  }

  async function assertionOf(client: McpClient, signedWith: CryptoKey): Promise<Record<string, string>> {
    const assertion = await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer(client.oauthClientId)
      .setSubject(client.oauthClientId)
      .setAudience(replicas.issuer)
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(signedWith);
    return {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    };
  }
});

describe('a metadata document on a host of the exception list, over two replicas', () => {
  const redirectUri = 'https://agents.example/callback';
  let replicas: Replicas;
  let host: DocumentHost;
  let dataSource: DataSource;

  beforeAll(async () => {
    host = await startDocumentHost(['agents.example']);
    names.set('agents.example', ['127.0.0.1']);
    replicas = await startReplicas(2, {
      AUTH_OUTBOUND_EXCEPTIONS: `agents.example:${host.port} 127.0.0.1/32 ${host.caFile}`,
      AUTH_DOCUMENT_FETCHES_PER_MINUTE: '1000',
    });
    dataSource = await replicas.database.open();
  });
  afterAll(async () => {
    await replicas.stop();
    await host.stop();
  });

  const idOf = (path: string) => `https://agents.example:${host.port}${path}`;
  const documentOf = (path: string): Document => {
    return { client_id: idOf(path), client_name: 'Agent', redirect_uris: [redirectUri] };
  };
  const ask = (oauthClientId: string) => {
    const url = new URL(McpClient.of(replicas, oauthClientId).authorizationUrl({ redirect_uri: redirectUri }));
    return replicas.send(`${url.pathname}${url.search}`, { headers: { accept: 'text/html' } });
  };
  const expectAccepted = (answer: HttpAnswer) => {
    expect([answer.status, answer.headers.location]).toEqual([303, expect.stringContaining('/interaction/')]);
  };
  const expectRefused = (answer: HttpAnswer, description?: string) => {
    expect([answer.status, answer.headers.location]).toEqual([400, undefined]);
    expect(answer.text).toContain('<code>invalid_client</code>');
    if (description !== undefined) expect(answer.text).toContain(description);
  };
  const fetchesOf = (path: string) => host.requests.filter((requested) => requested === path).length;
  const age = (path: string) =>
    dataSource.query(`UPDATE auth.client_document SET fresh_until = now() WHERE url = $1`, [idOf(path)]);

  it('describes a client', async () => {
    host.serve('/agent.json', documentOf('/agent.json'));
    const answer = await McpClient.of(replicas, idOf('/agent.json')).authorize({ redirect_uri: redirectUri });
    expect(answer.get('code')).toEqual(expect.any(String));
  });

  it('is refused a redirect URI that it does not name', async () => {
    host.serve('/agent.json', documentOf('/agent.json'));
    const client = McpClient.of(replicas, idOf('/agent.json'));
    const url = new URL(client.authorizationUrl({ redirect_uri: 'https://evil.example/callback' }));
    const answer = await replicas.send(`${url.pathname}${url.search}`);
    expect([answer.status, answer.headers.location]).toEqual([400, undefined]);
  });

  it('is fetched once, whoever asks for it on whichever replica', async () => {
    host.serve('/once.json', documentOf('/once.json'));
    for (let count = 0; count < 6; count++) expectAccepted(await ask(idOf('/once.json')));
    expect(fetchesOf('/once.json')).toBe(1);
  });

  it('is fetched once by each replica for twenty requests at the same time', async () => {
    host.serve('/parallel.json', documentOf('/parallel.json'));
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(idOf('/parallel.json'))));
    answers.forEach(expectAccepted);
    expect(fetchesOf('/parallel.json')).toBeLessThanOrEqual(2);
  });

  it.each([
    ['nothing, for five minutes', undefined, 300],
    ['less, for five minutes', 'max-age=1', 300],
    ['no-store, for five minutes', 'no-store, max-age=7200', 300],
    ['an hour, for an hour', 'public, max-age=3600', 3_600],
    ['a year, for a day', 'max-age=31536000', 86_400],
  ])('is kept, when its host says %s', async (what, cacheControl, seconds) => {
    const path = `/kept-${what.length}.json`;
    host.serve(path, documentOf(path), cacheControl === undefined ? {} : { 'cache-control': cacheControl });
    expectAccepted(await ask(idOf(path)));
    const [row] = await dataSource.query<{ seconds: number }[]>(
      `SELECT extract(epoch FROM fresh_until - now())::float8 AS seconds FROM auth.client_document WHERE url = $1`,
      [idOf(path)],
    );
    expect(row?.seconds).toBeGreaterThan(seconds - 30);
    expect(row?.seconds).toBeLessThanOrEqual(seconds);
  });

  it('is fetched again when it is no longer fresh, and what changed holds from then on', async () => {
    host.serve('/changing.json', documentOf('/changing.json'));
    expectAccepted(await ask(idOf('/changing.json')));
    host.serve('/changing.json', { ...documentOf('/changing.json'), redirect_uris: ['https://agents.example/other'] });
    expectAccepted(await ask(idOf('/changing.json')));
    await age('/changing.json');
    expect((await ask(idOf('/changing.json'))).status).toBe(400);
    expect(fetchesOf('/changing.json')).toBe(2);
    expect(await auditOf(idOf('/changing.json'))).toMatchObject([
      { type: 'client.document_accepted', outcome: 'success', details: { clientName: 'Agent' } },
      { type: 'client.document_changed', details: { redirectUris: ['https://agents.example/other'] } },
      { type: 'authorization.refused', details: { redirectUri: 'https://agents.example/callback' } },
    ]);
  });

  it('serves on while its host does not answer, and no longer when its host says that it is gone', async () => {
    host.serve('/silent.json', documentOf('/silent.json'));
    expectAccepted(await ask(idOf('/silent.json')));
    host.answers.set('/silent.json', (_request, response) => response.writeHead(503).end());
    await age('/silent.json');
    expectAccepted(await ask(idOf('/silent.json')));
    expectAccepted(await ask(idOf('/silent.json')));
    expect(fetchesOf('/silent.json')).toBe(2);
    host.answers.delete('/silent.json');
    await age('/silent.json');
    expectRefused(await ask(idOf('/silent.json')));
  });

  // At the same time, for the slow ones are waited for.
  it.concurrent.each<[string, RequestListener, string]>([
    ['that redirects', (_q, response) => response.writeHead(302, { location: '/agent.json' }).end(), 'redirect'],
    ['that is not there', (_q, response) => response.writeHead(404).end('{}'), 'status'],
    ['that its host fails to send', (_q, response) => response.writeHead(500).end('{}'), 'status'],
    [
      'of more than 5 KiB',
      (_q, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        for (let part = 0; part < 6; part++) response.write(' '.repeat(1_024));
        response.end('{}');
      },
      'too_large',
    ],
    [
      'that says that it is large',
      (_q, response) =>
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '6000' }).flushHeaders(),
      'too_large',
    ],
    [
      'that comes a byte at a time',
      (_q, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const timer = setInterval(() => response.write(' '), 100);
        response.on('close', () => clearInterval(timer));
      },
      'timeout',
    ],
    ['whose host accepts and is silent', () => {}, 'timeout'],
    ['whose host hangs up', (_q, response) => response.destroy(), 'unreachable'],
    [
      'that breaks off',
      (_q, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' }).write('{', () => {
          response.destroy();
        });
      },
      'unreachable',
    ],
    ['of text/html', (_q, response) => send(response, 'text/html', '{}'), 'media_type'],
    ['of text/plain', (_q, response) => send(response, 'text/plain', '{}'), 'media_type'],
    ['without a type', (_q, response) => response.writeHead(200).end('{}'), 'media_type'],
    ['that is not JSON', (_q, response) => send(response, 'application/json', '<html>'), 'media_type'],
    ['that is compressed', (_q, response) => sendEncoded(response), 'content_encoding'],
    ['that is an array', (_q, response) => send(response, 'application/json', '[]'), 'not_an_object'],
    ['that is null', (_q, response) => send(response, 'application/json', 'null'), 'not_an_object'],
  ])('%s makes no client, and is fetched once', async (what, answer, reason) => {
    const path = `/${encodeURIComponent(what)}.json`;
    host.answers.set(path, answer);
    const startedAt = performance.now();
    expectRefused(await ask(idOf(path)), reason === 'not_an_object' ? undefined : 'could not be fetched');
    expect(performance.now() - startedAt).toBeLessThan(4_500);
    expectRefused(await ask(idOf(path)));
    expectRefused(await ask(idOf(path)));
    expect(fetchesOf(path)).toBe(1);
    expect(await refusalsOf(idOf(path))).toEqual([reason]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['names another client', { client_id: 'https://agents.example/agent.json' }, 'client_id_mismatch'],
    ['names no client', { client_id: undefined }, 'client_id_mismatch'],
    ['names a client in other letters', { client_id: 'https://AGENTS.example/a' }, 'client_id_mismatch'],
    ['holds a secret', { client_secret: 'guess' }, 'secret'],
    ['says when its secret ends', { client_secret_expires_at: 0 }, 'secret'],
    ['asks for a secret', { token_endpoint_auth_method: 'client_secret_basic' }, 'secret'],
    ['asks for a secret to sign with', { token_endpoint_auth_method: 'client_secret_jwt' }, 'secret'],
    ['offers a secret', { token_endpoint_auth_methods_supported: ['none', 'client_secret_post'] }, 'secret'],
    ['has no name', { client_name: undefined }, 'no_client_name'],
    ['has an empty name', { client_name: ' ' }, 'no_client_name'],
    ['has a name that is no text', { client_name: 7 }, 'no_client_name'],
    ['has a name of two lines', { client_name: 'a\nb' }, 'metadata'],
    ['has no redirect URI', { redirect_uris: undefined }, 'redirect_uri'],
    ['has redirect URIs that are no list', { redirect_uris: redirectUri }, 'redirect_uri'],
    ['has a script for a redirect URI', { redirect_uris: [redirectUri, 'javascript:alert(1)'] }, 'redirect_uri'],
    ['has a foreign scheme', { redirect_uris: [redirectUri, 'myapp://callback'] }, 'redirect_uri'],
    ['has an http redirect URI', { redirect_uris: [redirectUri, 'http://agents.example/'] }, 'redirect_uri'],
    ['has no grant of ours', { grant_types: ['client_credentials'] }, 'metadata'],
    ['has no response of ours', { response_types: ['token'] }, 'metadata'],
    ['authenticates by TLS', { token_endpoint_auth_method: 'tls_client_auth' }, 'auth_method'],
    ['has choices that are no list', { token_endpoint_auth_methods_supported: 'none' }, 'auth_method'],
    ['has a key method and no keys', { token_endpoint_auth_method: 'private_key_jwt' }, 'keys'],
    ['has keys at http', { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'http://a.example/k' }, 'keys'],
    ['has a private key', { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [privateKey] } }, 'keys'],
    ['has a key with a NUL in its id', keysOf({ kty: 'EC', crv: 'P-256', x: 'a', y: 'b', kid: '\0' }), 'keys'],
    ['has a key with half a surrogate pair', keysOf({ kty: 'EC', kid: '\ud800' }), 'keys'],
    ['has a key without a type', keysOf({ crv: 'P-256' }), 'keys'],
    ['has no key', { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [] } }, 'keys'],
    [
      'has a symmetric key',
      { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [{ kty: 'oct' }] } },
      'keys',
    ],
  ])('that %s makes no client, and says why', async (what, change, reason) => {
    const path = `/rule-${encodeURIComponent(what)}.json`;
    host.serve(path, { ...documentOf(path), ...change });
    const answer = await ask(idOf(path));
    expectRefused(answer);
    expect(answer.text).not.toContain('could not be fetched');
    expect(await refusalsOf(idOf(path))).toEqual([reason]);
  });

  it.each([
    ['a scope, which would be a ceiling for ever', { scope: 'mcp files:read' }],
    ['a logo that is not at https', { logo_uri: 'http://169.254.169.254/logo.png' }],
    [
      'further grants and responses',
      { grant_types: ['authorization_code', 'implicit'], response_types: ['code', 'token'] },
    ],
    ['fields that nobody knows', { software_statement: 'eyJ', __proto__: null }],
  ])('may hold %s, which is passed over', async (what, change) => {
    const path = `/extra-${what.length}.json`;
    host.serve(path, { ...documentOf(path), ...change });
    expectAccepted(await ask(idOf(path)));
    const [row] = await dataSource.query<{ metadata: Record<string, unknown> }[]>(
      `SELECT metadata FROM auth.client_document WHERE url = $1`,
      [idOf(path)],
    );
    expect(Object.keys(row?.metadata ?? {}).toSorted()).toEqual([
      'application_type',
      'client_id',
      'client_name',
      'grant_types',
      'redirect_uris',
      'response_types',
      'token_endpoint_auth_methods_supported',
    ]);
  });

  it.each([
    ['has no path', (origin: string) => origin],
    ['has an empty path', (origin: string) => `${origin}/`],
    ['has a fragment', (origin: string) => `${origin}/agent.json#a`],
    ['has an empty fragment', (origin: string) => `${origin}/agent.json#`],
    ['names a user', (origin: string) => `${origin.replace('//', '//user@')}/agent.json`],
    ['has a dot segment', (origin: string) => `${origin}/a/../agent.json`],
    ['has an encoded dot segment', (origin: string) => `${origin}/a/%2e%2e/agent.json`],
    ['has capital letters in its host', (origin: string) => `${origin.replace('agents', 'AGENTS')}/agent.json`],
    ['has a backslash', (origin: string) => `${origin}\\agent.json`],
    ['has a space', (origin: string) => `${origin}/agent .json`],
    ['has a line break', (origin: string) => `${origin}/agent\n.json`],
    ['is too long', (origin: string) => `${origin}/${'a'.repeat(300)}`],
    ['is spelt HTTPS', (origin: string) => `${origin.replace('https', 'HTTPS')}/agent.json`],
  ])('is never fetched when its URL %s', async (_what, spell) => {
    host.serve('/agent.json', documentOf('/agent.json'));
    const before = host.connections();
    expectRefused(await ask(spell(`https://agents.example:${host.port}`)), 'a client_id that is a URL must');
    expect(host.connections()).toBe(before);
  });

  it('may name a logo, which is fetched and served from here, and never loaded from its host', async () => {
    const image = logo(64);
    host.answers.set('/logo.png', (_request, response) =>
      response.writeHead(200, { 'content-type': 'image/png' }).end(image),
    );
    host.serve('/with-logo.json', { ...documentOf('/with-logo.json'), logo_uri: idOf('/logo.png') });
    const client = McpClient.of(replicas, idOf('/with-logo.json'));
    const page = await begin(new Browser(replicas), client, { redirect_uri: redirectUri });
    const [, path = ''] = /<img src="([^"]+)"/.exec(page.body) ?? [];
    expect(path).toMatch(/^\/client-logo\/[0-9a-f]{64}$/);
    expect(page.body).not.toContain('/logo.png');
    const served = await replicas.send(path);
    expect(served.status).toBe(200);
    expect(served.headers).toMatchObject({
      'content-type': 'image/png',
      'content-length': String(image.length),
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'private, max-age=86400, immutable',
    });
    for (let round = 0; round < 3; round++) await begin(new Browser(replicas), client, { redirect_uri: redirectUri });
    expect(fetchesOf('/logo.png')).toBe(1);
  });

  it.each<[string, string, Buffer]>([
    ['SVG', 'image/svg+xml', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')],
    ['SVG that calls itself PNG', 'image/png', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['a page', 'text/html', Buffer.from('<script>alert(1)</script>')],
    ['PNG that calls itself a page', 'text/html', logo(64)],
    ['too many bytes', 'image/png', Buffer.concat([logo(64), Buffer.alloc(128 * 1_024)])],
    ['too many pixels', 'image/png', logo(30_000)],
  ])('is shown without its logo when that is %s', async (what, type, bytes) => {
    const path = `/logo-${what.length}-${bytes.length}`;
    host.answers.set(path, (_request, response) => response.writeHead(200, { 'content-type': type }).end(bytes));
    host.serve(`${path}.json`, { ...documentOf(`${path}.json`), logo_uri: idOf(path) });
    const client = McpClient.of(replicas, idOf(`${path}.json`));
    for (let round = 0; round < 2; round++) {
      const page = await begin(new Browser(replicas), client, { redirect_uri: redirectUri });
      expect([page.status, page.body.includes('<img')]).toEqual([200, false]);
    }
    expect(fetchesOf(path)).toBe(1);
  });

  it('is shown without its logo while that does not come, after a second', async () => {
    host.answers.set('/slow-logo', () => {});
    host.serve('/slow-logo.json', { ...documentOf('/slow-logo.json'), logo_uri: idOf('/slow-logo') });
    const startedAt = performance.now();
    const client = McpClient.of(replicas, idOf('/slow-logo.json'));
    const page = await begin(new Browser(replicas), client, { redirect_uri: redirectUri });
    expect([isApprovalPage(page), page.body.includes('<img')]).toEqual([true, false]);
    expect(performance.now() - startedAt).toBeLessThan(2_500);
  });

  it.each(['/client-logo/', `/client-logo/${'0'.repeat(64)}`, '/client-logo/..%2fagent.json', '/client-logo/%00'])(
    'has no logo at %s',
    async (path) => {
      expect([404, 400]).toContain((await replicas.send(path)).status);
    },
  );

  it('that is withdrawn while a person is at a page ends the login, and says so', async () => {
    host.serve('/withdrawn.json', documentOf('/withdrawn.json'));
    const browser = new Browser(replicas);
    const client = McpClient.of(replicas, idOf('/withdrawn.json'));
    const page = await begin(browser, client, { redirect_uri: redirectUri });
    expect(isApprovalPage(page)).toBe(true);
    host.answers.delete('/withdrawn.json');
    await age('/withdrawn.json');
    expectRefused(await ask(idOf('/withdrawn.json')));
    const again = await show(browser, page.url.href);
    expect([again.status, again.body]).toEqual([400, expect.stringContaining('<h1>This did not work</h1>')]);
    const approved = await decide(browser, page);
    expect([approved.status, approved.body]).toEqual([400, expect.stringContaining('invalid_client')]);
  });

  it('is not fetched at all for a client that an operator has registered under its URL', async () => {
    const metadata = { ...documentOf('/registered.json'), token_endpoint_auth_method: 'none' };
    await dataSource.query(`INSERT INTO auth.oauth_client (id, tenant_id, metadata) VALUES ($1, 'default', $2)`, [
      metadata.client_id,
      metadata,
    ]);
    expectAccepted(await ask(metadata.client_id));
    expect(fetchesOf('/registered.json')).toBe(0);
  });

  it('is one of at most a thousand that are kept, of which those that people use go last', async () => {
    await dataSource.query(
      `INSERT INTO auth.client_document (url, tenant_id, refusal, fresh_until, stale_until, used_at)
       SELECT 'https://flood.example/' || n, 'default', 'no', now() + interval '1 day', now(),
              CASE WHEN n = 1 THEN now() END FROM generate_series(1, 1500) AS n`,
    );
    await sweepExpired(dataSource);
    const rows = await dataSource.query<{ url: string }[]>('SELECT url FROM auth.client_document');
    expect(rows).toHaveLength(1_000);
    expect(rows.map(({ url }) => url)).toContain('https://flood.example/1');
  });

  it('is not fetched from a host that the authority of the list has not certified', async () => {
    const stranger = await startDocumentHost(['agents.example']);
    const misnamed = await startDocumentHost(['other.example']);
    const exceptions = [
      `agents.example:${stranger.port} 127.0.0.1/32 ${host.caFile}`,
      `agents.example:${misnamed.port} 127.0.0.1/32 ${misnamed.caFile}`,
      `agents.example:${host.port} 127.0.0.1/32`,
    ];
    const more = await replicas.add({ AUTH_OUTBOUND_EXCEPTIONS: exceptions.join(',') });
    for (const { port } of [stranger, misnamed, host]) {
      expectRefused(await askAt(more, `https://agents.example:${port}/tls.json`), 'could not be fetched');
    }
    expect([...stranger.requests, ...misnamed.requests, ...host.requests]).not.toContain('/tls.json');
    await stranger.stop();
    await misnamed.stop();
  });

  it('is announced in the metadata of this server, with the ways to authenticate that it may name', async () => {
    const answer = await replicas.send('/.well-known/oauth-authorization-server');
    expect(jsonOf(answer)).toMatchObject({
      client_id_metadata_document_supported: true,
      token_endpoint_auth_methods_supported: expect.arrayContaining(['none', 'private_key_jwt']),
      token_endpoint_auth_signing_alg_values_supported: expect.arrayContaining(['RS256', 'ES256']),
    });
  });

  it('is not looked for where documents are switched off: a URL is a client id like any other then', async () => {
    host.serve('/off.json', documentOf('/off.json'));
    const off = await replicas.add({ AUTH_CLIENT_METADATA_DOCUMENTS: 'false' });
    const metadata = jsonOf(await sendTo(off, '/.well-known/oauth-authorization-server'));
    expect(metadata).toMatchObject({ client_id_metadata_document_supported: false });
    expectRefused(await askAt(off, idOf('/off.json')));
    expect(fetchesOf('/off.json')).toBe(0);
  });

  it('is fetched for one address only so often in a minute; after that it is answered 429 (RFC 6585 §4)', async () => {
    await dataSource.query('DELETE FROM auth.rate_window');
    const limited = await Promise.all(
      Array.from({ length: 2 }, () => replicas.add({ AUTH_DOCUMENT_FETCHES_PER_MINUTE: '3' })),
    );
    const statuses: number[] = [];
    for (let count = 0; count < 5; count++) {
      const url = `https://unknown.example/${count}`;
      statuses.push((await askAt(limited[count % 2] ?? { port: 0 }, url)).status);
    }
    expect(statuses).toEqual([400, 400, 400, 429, 429]);
  });

  const sendTo = ({ port }: { port: number }, target: string) =>
    sendHttp({ port, target, headers: { host: new URL(replicas.issuer).host, accept: 'text/html' } });
  const askAt = (server: { port: number }, oauthClientId: string) => {
    const url = new URL(McpClient.of(replicas, oauthClientId).authorizationUrl({ redirect_uri: redirectUri }));
    return sendTo(server, `${url.pathname}${url.search}`);
  };
  const auditOf = (oauthClientId: string) =>
    dataSource.query<{ type: string; outcome: string; details: object }[]>(
      'SELECT type, outcome, details FROM auth.audit_row WHERE oauth_client_id = $1 ORDER BY id',
      [oauthClientId],
    );
  const refusalsOf = async (oauthClientId: string) => {
    const rows = await dataSource.query<{ reason: string }[]>(
      `SELECT reason FROM auth.audit_row WHERE type = 'client.document_refused' AND oauth_client_id = $1`,
      [oauthClientId],
    );
    return rows.map(({ reason }) => reason);
  };
});
