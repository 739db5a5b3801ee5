import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from './browser.ts';
import { callback, McpClient, registerClient } from './mcp-client.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

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
});
