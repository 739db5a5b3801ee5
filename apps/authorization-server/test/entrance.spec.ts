import { connect } from 'node:net';
import { createLogger } from '@gatehouse/runtime';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Browser } from '../../../test/support/authorization/browser.ts';
import { jsonOf, sendHttp } from '../../../test/support/authorization/http.ts';
import { McpClient } from '../../../test/support/authorization/mcp-client.ts';
import { startReplica, startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

/** Sends bytes as they are and returns all that comes back. */
function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}

describe('the entrance', () => {
  let replicas: Replicas;
  let host: string;
  let port: number;

  beforeAll(async () => {
    replicas = await startReplicas();
    host = new URL(replicas.issuer).host;
    port = replicas.servers[0]?.port ?? 0;
  });
  afterAll(() => replicas.stop());

  it.each([
    'evil.example',
    'localhost',
    'localhost:1',
    '127.0.0.1',
    'localhost.evil.example',
    'localhost@evil.example',
    'localhost:99999',
    '[::1',
    '',
  ])('answers Host %j with 421, before anything is made of it (RFC 9110 §7.4)', async (foreign) => {
    for (const target of ['/.well-known/oauth-authorization-server', '/auth', '/token', '/interaction/x', '/jwks']) {
      const answer = await sendHttp({ port, target, headers: { host: foreign } });
      expect(answer.status).toBe(421);
      expect(answer.text).not.toContain('evil');
    }
  });

  it('knows its host in upper case', async () => {
    const answer = await sendHttp({ port, target: '/jwks', headers: { host: host.toUpperCase() } });
    expect(answer.status).toBe(200);
  });

  it.each([
    ['x-forwarded-host', 'evil.example'],
    ['x-forwarded-proto', 'https'],
    ['forwarded', 'host=evil.example;proto=https'],
    ['x-original-url', '/evil'],
  ])('makes nothing of a %s header', async (name, value) => {
    const answer = await replicas.send('/.well-known/oauth-authorization-server', { headers: { [name]: value } });
    expect(jsonOf(answer)).toMatchObject({ issuer: replicas.issuer, token_endpoint: `${replicas.issuer}/token` });
  });

  it.each([
    ['two Host headers', (own: string) => `GET /jwks HTTP/1.1\r\nHost: ${own}\r\nHost: evil.example\r\n\r\n`],
    ['no Host header', () => `GET /jwks HTTP/1.1\r\nConnection: close\r\n\r\n`],
    ['an absolute target', (own: string) => `GET http://evil.example/jwks HTTP/1.1\r\nHost: ${own}\r\n\r\n`],
    [
      'a target that begins with two slashes',
      (own: string) => `GET //evil.example/jwks HTTP/1.1\r\nHost: ${own}\r\n\r\n`,
    ],
    ['the target *', (own: string) => `OPTIONS * HTTP/1.1\r\nHost: ${own}\r\n\r\n`],
  ])('answers %s with 400 and closes', async (_what, bytes) => {
    expect(await sendRaw(port, bytes(host))).toMatch(/^HTTP\/1\.1 400 /);
  });

  it.each(['/', '/nothing', '/auth/unknown', '/interaction/unknown', '/reg', '/reg/unknown', '/token', '/session/end'])(
    'sets its security headers on %s, whatever the answer',
    async (target) => {
      const { headers, status } = await replicas.send(target, { headers: { accept: 'text/html' } });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': expect.stringMatching(/^(no-referrer|same-origin)$/),
        'cache-control': 'no-store',
        'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      });
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers).not.toHaveProperty('x-powered-by');
    },
  );

  it.each([
    '/auth?client_id=%00',
    '/auth?client_id=%zz&redirect_uri=%ff',
    '/auth?__proto__=1&constructor=2&client_id[]=3',
    `/auth?client_id=${'a'.repeat(10_000)}`,
    '/auth/%00',
    '/auth/%2e%2e%2ftoken',
    '/reg/%00',
    '/reg/a%00b',
    '/interaction/%00',
    '/interaction/%zz',
    '/.well-known/oauth-authorization-server/../../etc/passwd',
    '/jwks/../token',
    '/%2e%2e/%2e%2e',
  ])('answers GET %s without a fault of its own', async (target) => {
    const answer = await replicas.send(target, { headers: { accept: 'text/html', authorization: 'Bearer a' } });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });

  it('logs a fault of its own without the ids in the path', async () => {
    const logger = createLogger('test', { LOG_LEVEL: 'silent', LOG_FORMAT: 'json' });
    const logged = vi.spyOn(logger, 'error');
    const faulty = await startReplica(replicas.environment, logger);
    const dataSource = await replicas.database.open();
    await dataSource.query('ALTER TABLE auth.provider_record RENAME TO away');
    try {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const headers = { host, authorization: 'Bearer any' };
        const { status } = await sendHttp({ port: faulty.port, method, target: '/reg/id-of-a-client', headers });
        expect([method, status]).toEqual([method, 500]);
      }
    } finally {
      await dataSource.query('ALTER TABLE auth.away RENAME TO provider_record');
      await faulty.stop();
    }
    const faults = logged.mock.calls.filter(([, message]) => message === 'request failed');
    expect(faults.length).toBeGreaterThanOrEqual(3);
    for (const [fields] of faults) expect(fields).toMatchObject({ path: '/reg/:id' });
  });

  it.each(['PUT', 'DELETE', 'PATCH', 'TRACE'])('answers %s at the token endpoint without a fault', async (method) => {
    const answer = await replicas.send('/token', { method });
    expect([404, 405]).toContain(answer.status);
  });

  it('takes the caller from X-Forwarded-For only behind proxies that it was told of', async () => {
    const behindProxy = await replicas.add({ AUTH_TRUSTED_PROXIES: '1' });
    const dataSource = await replicas.database.open();
    for (const [server, name] of [
      [replicas.servers[0], 'direct'],
      [behindProxy, 'behind proxy'],
    ] as const) {
      await sendHttp({
        port: server?.port ?? 0,
        method: 'POST',
        target: '/reg',
        headers: { host, 'content-type': 'application/json', 'x-forwarded-for': '198.51.100.7, 203.0.113.9' },
        body: JSON.stringify({ client_name: name, redirect_uris: ['https://app.example/callback'] }),
      });
    }
    const rows = await dataSource.query(
      `SELECT details->>'clientName' AS name, address FROM auth.audit_row WHERE type = 'client.registered' ORDER BY id`,
    );
    expect(rows).toEqual([
      { name: 'direct', address: '127.0.0.1' },
      { name: 'behind proxy', address: '203.0.113.9' },
    ]);
    replicas.servers.pop();
    await behindProxy.stop();
  });
});

describe('an https issuer behind a proxy that ends TLS', () => {
  let replicas: Replicas;

  beforeAll(async () => {
    replicas = await startReplicas(2, { AUTH_ISSUER: 'https://auth.example' });
  });
  afterAll(() => replicas.stop());

  it('builds https URLs, asks for HSTS, and binds its cookies to host and https', async () => {
    const metadata = await replicas.send('/.well-known/oauth-authorization-server');
    expect(jsonOf(metadata)).toMatchObject({ token_endpoint: 'https://auth.example/token' });
    expect(metadata.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
    const client = await McpClient.register(replicas);
    const answer = await new Browser(replicas).load(new URL(client.authorizationUrl()));
    const cookies = answer.headers['set-cookie'] ?? [];
    expect(cookies.length).toBeGreaterThan(0);
    for (const cookie of cookies) {
      expect(cookie).toMatch(/^__(Host|Secure)-/);
      expect(cookie).toMatch(/; secure/i);
      expect(cookie).toMatch(/; httponly/i);
      expect(cookie).toMatch(/; samesite=lax/i);
      // RFC 6265bis §4.1.3.2: `__Host-` goes with the path `/`.
      expect(cookie).toMatch(/^__Secure-|; path=\/(;|$)/i);
    }
  });

  it('leads through its pages to a token', async () => {
    const client = await McpClient.register(replicas);
    expect(await client.obtainTokens()).toMatchObject({ token_type: 'Bearer' });
  });
});
