import { gzipSync } from 'node:zlib';
import type { RequestListener } from 'node:http';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Issuer } from '../../support/authorization/issuer.ts';
import { jsonOf } from '../../support/authorization/http.ts';
import { callback, McpClient } from '../../support/authorization/mcp-client.ts';
import { startListener } from '../../support/document-host.ts';
import type { CountedPort } from '../../support/document-host.ts';
import { atEachAuthorizationServer, stack } from '../stack/running-stack.ts';

const hex = (address: string) =>
  address.includes(':')
    ? address.replaceAll(':', '')
    : address
        .split('.')
        .map((octet) => Number(octet).toString(16).padStart(2, '0'))
        .join('');

/** Spellings of the loopback address, of where clouds keep their secrets, and of inner networks. */
const spellings = [
  '127.0.0.1',
  '127.0.0.1.',
  '127.1',
  '2130706433',
  '0x7f000001',
  '017700000001',
  '0177.0.0.01',
  '0x7f.0x0.0x0.0x1',
  '0.0.0.0',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::1]',
  '169.254.169.254',
  '2852039166',
  '0xa9fea9fe',
  '[::ffff:a9fe:a9fe]',
  '[fd00:ec2::254]',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.0.1',
  '100.64.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '[fe80::1]',
  '[fc00::1]',
  '[ff02::1]',
  'localhost',
  'LOCALHOST',
  'a.localhost',
  'localhost.',
  'printer.local',
  'vault.internal',
  'postgres',
];

/** What a name server may answer: one inner address, or one beside a public one. */
const names = [
  '127.0.0.1',
  '10.0.0.1',
  '169.254.169.254',
  '224.0.0.1',
  '0000:0000:0000:0000:0000:0000:0000:0001',
  '0000:0000:0000:0000:0000:ffff:7f00:0001',
  'fd00:0ec2:0000:0000:0000:0000:0000:0254',
].flatMap((address) => [
  `${hex(address)}.attacker.example`,
  `${hex('93.184.215.14')}.${hex(address)}.attacker.example`,
  `${hex('2606:2800:021f:cb07:0000:0000:0000:0001')}.${hex(address)}.attacker.example`,
]);

async function ask(replica: Issuer, oauthClientId: string) {
  const url = new URL(McpClient.of(replica, oauthClientId).authorizationUrl());
  const { status, headers, text } = await replica.send(`${url.pathname}${url.search}`, {
    headers: { accept: 'text/html' },
  });
  return { status, location: headers.location, isInvalidClient: text.includes('<code>invalid_client</code>') };
}

const refused = { status: 400, location: undefined, isInvalidClient: true };

describe('a metadata document at an address that is not public', () => {
  /** At one port of every IPv4 address of this machine, and of its IPv6 loopback. */
  let inner: CountedPort[];

  beforeAll(async () => {
    const everywhere = await startListener('0.0.0.0');
    inner = [everywhere, await startListener('::1', everywhere.port)];
  });
  afterAll(() => Promise.all(inner.map((listener) => listener.stop())));

  const connections = () => inner.reduce((sum, listener) => sum + listener.connections(), 0);

  it.each([
    ['an address in any spelling, or a name of this machine', spellings],
    ['a name with such an address, alone or beside a public one', names],
  ])('is invalid_client, and nobody is connected to: %s', async (_what, hosts) => {
    await atEachAuthorizationServer(async (replica) => {
      for (const host of hosts) {
        const oauthClientId = `https://${host}:${inner[0]?.port}/client.json`;
        expect({ host, ...(await ask(replica, oauthClientId)) }).toEqual({ host, ...refused });
      }
    });
    expect(connections()).toBe(0);
  });

  it('is invalid_client when only a second look-up would have led to it', async () => {
    const { rebindPort } = stack();
    const listed = await startListener('127.0.0.2', rebindPort);
    const later = await startListener('127.0.0.1', rebindPort);
    try {
      const oauthClientId = `https://rebind.example:${rebindPort}/client.json`;
      expect(await ask(stack(), oauthClientId)).toEqual(refused);
      expect([listed.connections(), later.connections()]).toEqual([1, 0]);
    } finally {
      await Promise.all([listed.stop(), later.stop()]);
    }
  });

  it('is not reached over the redirect of a listed host, nor by the keys that its document names', async () => {
    const { documents } = stack();
    const idOf = (path: string) => `https://agents.example:${documents.port}${path}`;
    documents.answers.set('/inward.json', (_request, response) => {
      response.writeHead(302, { location: `https://127.0.0.1:${inner[0]?.port}/client.json` }).end();
    });
    expect(await ask(stack(), idOf('/inward.json'))).toEqual(refused);
    const hosts = ['127.0.0.1', '[::1]', 'localhost', `${hex('127.0.0.1')}.attacker.example`];
    for (const [index, host] of hosts.entries()) {
      const path = `/keys-${index}.json`;
      documents.serve(path, {
        client_id: idOf(path),
        client_name: 'Agent',
        redirect_uris: [callback],
        logo_uri: `https://${host}:${inner[0]?.port}/logo.png`,
        token_endpoint_auth_method: 'private_key_jwt',
        jwks_uri: `https://${host}:${inner[0]?.port}/keys`,
      });
      const assertion = await new SignJWT({ jti: crypto.randomUUID(), iss: idOf(path), sub: idOf(path) })
        .setProtectedHeader({ alg: 'HS256' })
        .setAudience(stack().issuer)
        .setExpirationTime('1m')
        .sign(new Uint8Array(32));
      // The algorithm is one of a key set: it would be fetched to find the key.
      const [, ...rest] = assertion.split('.');
      const header = Buffer.from(JSON.stringify({ alg: 'ES256' })).toString('base64url');
      const answer = await McpClient.of(stack(), idOf(path)).refresh('none that exists', {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: [header, ...rest].join('.'),
      });
      expect([answer.status, jsonOf(answer)]).toMatchObject([401, { error: 'invalid_client' }]);
    }
    expect(connections()).toBe(0);
  });
});

describe('a metadata document of a listed host', () => {
  const idOf = (path: string) => `https://agents.example:${stack().documents.port}${path}`;
  const documentOf = (path: string) => {
    return { client_id: idOf(path), client_name: 'Agent', redirect_uris: [callback] };
  };
  const json = { 'content-type': 'application/json' };

  it('lets its client in, so that the refusals below have their reason in the document', async () => {
    stack().documents.serve('/good.json', documentOf('/good.json'));
    await atEachAuthorizationServer(async (replica) => {
      expect(await ask(replica, idOf('/good.json'))).toMatchObject({
        status: 303,
        location: expect.stringContaining('/interaction/'),
      });
    });
  });

  const transports: [string, RequestListener][] = [
    ['redirects', (_q, response) => response.writeHead(302, { location: '/good.json' }).end()],
    ['redirects for good', (_q, response) => response.writeHead(308, { location: '/good.json' }).end()],
    ['is large', (_q, response) => response.writeHead(200, json).end(`{"a":"${'a'.repeat(6_000)}"}`)],
    [
      'comes a byte at a time',
      (_q, response) => {
        response.writeHead(200, json);
        const timer = setInterval(() => response.write(' '), 100);
        response.on('close', () => clearInterval(timer));
      },
    ],
    ['never comes', () => {}],
    ['is no JSON', (_q, response) => response.writeHead(200, json).end('<html>')],
    ['is an array', (_q, response) => response.writeHead(200, json).end('[]')],
    ['is HTML', (_q, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('{}')],
    ['has no type', (_q, response) => response.writeHead(200).end('{}')],
    [
      'is compressed',
      (_q, response) => response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(gzipSync('{}')),
    ],
    ['is not there', (_q, response) => response.writeHead(404, json).end('{}')],
  ];

  // At the same time, for the slow ones are waited for.
  it.concurrent.each(transports)('that %s makes no client, within five seconds', async (what, answer) => {
    const path = `/${encodeURIComponent(what)}.json`;
    stack().documents.answers.set(path, answer);
    const startedAt = performance.now();
    expect(await ask(stack(), idOf(path))).toEqual(refused);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('that no connection leads to makes no client, and does no harm to the server', async () => {
    await atEachAuthorizationServer(async (replica) => {
      expect(await ask(replica, 'https://unreachable.example/client.json')).toEqual(refused);
      expect((await replica.send('/jwks')).status).toBe(200);
    });
  });

  it.each<[string, object]>([
    ['names another client', { client_id: 'https://agents.example/other.json' }],
    ['names no client', { client_id: undefined }],
    ['holds a secret', { client_secret: 'guess' }],
    ['asks for a secret', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['has no name', { client_name: undefined }],
    ['has an empty name', { client_name: '' }],
    ['has no redirect URI', { redirect_uris: [] }],
    ['has a script for a redirect URI', { redirect_uris: [callback, 'javascript:alert(1)'] }],
  ])('that %s makes no client', async (what, change) => {
    const path = `/rule-${encodeURIComponent(what)}.json`;
    stack().documents.serve(path, { ...documentOf(path), ...change });
    await atEachAuthorizationServer(async (replica) => {
      expect(await ask(replica, idOf(path))).toEqual(refused);
    });
  });

  it.each([
    ['no path', (origin: string) => origin],
    ['an empty path', (origin: string) => `${origin}/`],
    ['a fragment', (origin: string) => `${origin}/good.json#a`],
    ['a user', (origin: string) => `${origin.replace('//', '//user@')}/good.json`],
    ['a dot segment', (origin: string) => `${origin}/a/../good.json`],
  ])('is not asked for when its URL has %s', async (_what, spell) => {
    const before = stack().documents.connections();
    const oauthClientId = spell(`https://agents.example:${stack().documents.port}`);
    await atEachAuthorizationServer(async (replica) => {
      expect(await ask(replica, oauthClientId)).toEqual(refused);
    });
    expect(stack().documents.connections()).toBe(before);
  });
});
