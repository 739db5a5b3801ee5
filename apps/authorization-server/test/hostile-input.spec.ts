import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Browser } from '../../../test/support/authorization/browser.ts';
import { callback, McpClient, registerClient } from '../../../test/support/authorization/mcp-client.ts';
import { reportFailedRequest, reportRequest } from '../src/events.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

vi.mock('../src/events.ts', async (importOriginal) => {
  const real = await importOriginal<typeof import('../src/events.ts')>();
  return {
    ...real,
    reportFailedRequest: vi.fn<typeof reportFailedRequest>(),
    reportRequest: vi.fn<typeof reportRequest>(),
  };
});

const texts = [
  '',
  ' ',
  '-1',
  '1e999',
  '{}',
  'null',
  'eyJhbGciOiJub25lIn0.e30.',
  '\u0000',
  '\u0001',
  '\ud800',
  'a'.repeat(5_000),
];
const values = [null, true, 1e300, '', '\u0000', '\ud800', [], [null], [[]], {}, ['a'], 'a'.repeat(20_000)];

describe('hostile input', () => {
  let replicas: Replicas;
  let client: McpClient;

  beforeAll(async () => {
    replicas = await startReplicas();
    client = await McpClient.register(replicas);
  });
  afterAll(() => replicas.stop());

  it.each([
    ['a broken percent-encoding', '/interaction/%E0%A4%A', 400],
    ['an endless id', `/interaction/${'x'.repeat(500)}`, 414],
    ['an encoded slash', '/interaction/%2f', 410],
    ['a broken name', '/%E0%A4%A', 400],
  ])('in a path, %s, is answered with a page', async (_what, path, status) => {
    for (const method of ['GET', 'POST']) {
      const answer = await replicas.send(path, { method });
      expect([answer.status, answer.headers['content-type']]).toEqual([status, 'text/html; charset=utf-8']);
      expect(answer.headers['content-security-policy']).toContain("form-action 'none'");
      expect(answer.text).not.toMatch(/FST_ERR|%E0|xxx/);
    }
  });

  it.each(['/reg/%E0%A4%A', '/auth/%E0%A4%A'])('in the path %s is never our fault', async (path) => {
    for (const method of ['GET', 'DELETE']) {
      const { status } = await replicas.send(path, { method, headers: { authorization: 'Bearer a' } });
      expect([400, 401, 404, 405]).toContain(status);
    }
  });

  it.each([
    'acr_values',
    'claims',
    'client_id',
    'code_challenge',
    'id_token_hint',
    'login_hint',
    'max_age',
    'nonce',
    'prompt',
    'redirect_uri',
    'resource',
    'response_mode',
    'scope',
    'state',
    '__proto__',
  ])('in %s of an authorization request is never our fault', async (name) => {
    const statuses = [];
    for (const text of texts) {
      const url = client.authorizationUrl({ scope: 'openid mcp', [name]: text });
      statuses.push((await new Browser(replicas).open(url)).answer.status);
    }
    expect(statuses.filter((status) => status >= 500)).toEqual([]);
  });

  it.each([
    'client_id',
    'client_assertion',
    'client_secret',
    'code',
    'code_verifier',
    'grant_type',
    'refresh_token',
    'scope',
    'resource',
  ])('in %s of a token request is never our fault', async (name) => {
    const form = { grant_type: 'refresh_token', refresh_token: 'a', client_id: client.oauthClientId };
    const answers = await Promise.all(texts.map((text) => client.postForm('/token', { ...form, [name]: text })));
    expect(answers.map(({ status }) => status).filter((status) => status < 400 || status >= 500)).toEqual([]);
  });

  it.each([
    'client_name',
    'client_uri',
    'contacts',
    'grant_types',
    'jwks',
    'redirect_uris',
    'response_types',
    'scope',
    'constructor',
  ])('in %s of a registration is never our fault', async (name) => {
    const answers = await Promise.all(
      values.map((value) => registerClient(replicas, { redirect_uris: [callback], [name]: value })),
    );
    expect(answers.map(({ status }) => status).filter((status) => status >= 500)).toEqual([]);
  });

  it.each([
    ['breaks off', 'content-length: 1000', 'grant_type='],
    ['is no chunk', 'transfer-encoding: chunked', 'zz\r\n'],
    ['ends in a chunk', 'transfer-encoding: chunked', '5\r\nab'],
  ])('in a body that %s is nothing that an operator must be told of', async (_what, header, body) => {
    vi.mocked(reportRequest).mockClear();
    vi.mocked(reportFailedRequest).mockClear();
    const { host } = new URL(replicas.issuer);
    const type = 'content-type: application/x-www-form-urlencoded';
    for (const end of ['end', 'resetAndDestroy'] as const) {
      const socket = connect(replicas.servers[0]?.port ?? 0, '127.0.0.1').on('error', () => {});
      socket.write(`POST /token HTTP/1.1\r\nhost: ${host}\r\n${type}\r\n${header}\r\n\r\n${body}`, () => socket[end]());
    }
    await expect.poll(() => vi.mocked(reportRequest).mock.calls.length).toBe(2);
    expect(vi.mocked(reportFailedRequest).mock.calls).toEqual([]);
  });
});
