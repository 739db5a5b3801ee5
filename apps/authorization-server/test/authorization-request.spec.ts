import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../../../test/support/authorization/browser.ts';
import { decodeJwt, McpClient, callback, resource } from '../../../test/support/authorization/mcp-client.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

describe('the authorization request', () => {
  let replicas: Replicas;
  let client: McpClient;

  beforeAll(async () => {
    replicas = await startReplicas(2);
    client = await McpClient.register(replicas);
    const dataSource = await replicas.database.open();
    await dataSource.query(
      `INSERT INTO auth.protected_resource (tenant_id, server) VALUES ('default', 'files'), ('default', 'mail')`,
    );
    await dataSource.query(
      `INSERT INTO auth.resource_scope (tenant_id, scope, server, version) VALUES
       ('default', 'files:read', 'files', '1'), ('default', 'files:write', 'files', '1'), ('default', 'mail:read', 'mail', '1')`,
    );
    // The view of the rows is a second old at most.
    await new Promise((resolve) => setTimeout(resolve, 1_050));
  });
  afterAll(() => replicas.stop());

  const redirectOf = async (parameters: Record<string, string | undefined>) => {
    const { url } = await new Browser(replicas).open(client.authorizationUrl(parameters));
    return url;
  };

  it.each([
    ['no code challenge', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['the plain challenge method', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['no challenge method, which means plain', { code_challenge_method: undefined }, 'invalid_request'],
    ['a malformed challenge', { code_challenge: 'too short' }, 'invalid_request'],
    ['an unknown response type', { response_type: 'magic' }, 'unsupported_response_type'],
    ['no response type', { response_type: undefined }, 'invalid_request'],
    ['a form_post response', { response_mode: 'form_post' }, 'unsupported_response_mode'],
    ['a fragment response', { response_mode: 'fragment' }, 'unsupported_response_mode'],
    ['a web_message response', { response_mode: 'web_message' }, 'unsupported_response_mode'],
    ['an unknown resource', { resource: 'http://localhost:3000/other' }, 'invalid_target'],
    ['a resource below a known one', { resource: `${resource}/nobody` }, 'invalid_target'],
    ['a resource that a known one begins with', { resource: 'http://localhost:3000/mc' }, 'invalid_target'],
    ['a relative resource', { resource: '/mcp' }, 'invalid_target'],
    ['a resource with a fragment', { resource: `${resource}#part` }, 'invalid_target'],
    ['a resource with a query', { resource: `${resource}?server=files` }, 'invalid_target'],
    ['only unknown scopes', { scope: 'everything' }, 'invalid_scope'],
    ['a scope with a quotation mark', { scope: 'mcp "admin"' }, 'invalid_scope'],
    ['a request by reference', { request_uri: 'https://app.example/request' }, 'request_uri_not_supported'],
    ['a request object', { request: 'eyJhbGciOiJub25lIn0.e30.' }, 'request_not_supported'],
    ['prompt=none without a session', { prompt: 'none' }, 'login_required'],
  ])('answers %s to the client, with iss (RFC 9207 §2)', async (_what, parameters, error) => {
    const redirect = await redirectOf(parameters);
    expect(redirect.href.startsWith(`${callback}?`)).toBe(true);
    expect(Object.fromEntries(redirect.searchParams)).toMatchObject({
      error,
      state: 'state of the client',
      iss: replicas.issuer,
    });
    expect(redirect.searchParams.has('code')).toBe(false);
  });

  it.each(['token', 'code id_token', 'code token', 'id_token'])(
    'answers the response type %s, which would put tokens into URLs, with unsupported_response_type',
    async (responseType) => {
      const redirect = await redirectOf({ response_type: responseType, nonce: 'n', scope: 'openid mcp' });
      const parameters = new URLSearchParams(redirect.hash.slice(1));
      expect([...parameters.keys()].toSorted()).toEqual(['error', 'error_description', 'iss', 'state']);
      expect(parameters.get('error')).toBe('unsupported_response_type');
    },
  );

  it.each([
    ['an unknown client', { client_id: 'nobody' }],
    ['a client by the URL of its metadata document, which is off', { client_id: 'https://app.example/client.json' }],
    ['no client', { client_id: undefined }],
    ['a client with a NUL', { client_id: 'a\u0000b' }],
    ['another path', { redirect_uri: 'http://127.0.0.1:33418/other' }],
    ['a longer path', { redirect_uri: `${callback}/more` }],
    ['another host', { redirect_uri: 'https://evil.example/callback' }],
    ['another loopback name', { redirect_uri: 'http://localhost:33418/callback' }],
    ['a user before the host', { redirect_uri: 'http://127.0.0.1:33418@evil.example/callback' }],
    ['an added query', { redirect_uri: `${callback}?next=https://evil.example` }],
    ['an added fragment', { redirect_uri: `${callback}#fragment` }],
    ['a dot segment', { redirect_uri: 'http://127.0.0.1:33418/x/../callback' }],
    ['a script', { redirect_uri: 'javascript:alert(1)' }],
    ['a redirect URI that is none', { redirect_uri: 'callback' }],
    ['a state with a NUL', { state: 'a\u0000b' }],
  ])('answers %s with a page, never with a redirect (RFC 6749 §4.1.2.1)', async (_what, parameters) => {
    const { answer, url } = await new Browser(replicas).open(client.authorizationUrl(parameters));
    expect(url.origin).toBe(replicas.issuer);
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect(answer.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(answer.headers['x-frame-options']).toBe('DENY');
  });

  it('escapes what it shows of a wrong request', async () => {
    const { answer } = await new Browser(replicas).open(
      client.authorizationUrl({ redirect_uri: 'https://evil.example/"><script>alert(1)</script>' }),
    );
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('<script>');
  });

  it.each(['client_id', 'redirect_uri', 'state', 'code_challenge', 'scope'])(
    'refuses a second %s (RFC 6749 §3.1)',
    async (name) => {
      const url = `${client.authorizationUrl()}&${name}=again`;
      const { answer, url: end } = await new Browser(replicas).open(url);
      const isRefused = answer.status === 400 || end.searchParams.get('error') === 'invalid_request';
      expect(isRefused).toBe(true);
    },
  );

  it('accepts another port on loopback (RFC 8252 §7.3)', async () => {
    const redirectUri = 'http://127.0.0.1:51234/callback';
    const url = client.authorizationUrl({ redirect_uri: redirectUri });
    expect((await new Browser(replicas).authorize(url)).href).toMatch(/^http:\/\/127\.0\.0\.1:51234\/callback\?code=/);
  });

  it.each([
    ['no scope: all that the resource offers', { scope: undefined }, 'files:read files:write mail:read mcp'],
    ['an empty scope: the same', { scope: '' }, 'files:read files:write mail:read mcp'],
    [
      'no scope for one server: what that server offers',
      { scope: undefined, resource: `${resource}/files` },
      'files:read files:write mcp',
    ],
    ['unknown scopes beside known ones: the known ones', { scope: 'mcp files:read mail:delete' }, 'files:read mcp'],
    ['scopes of another server: none of them', { scope: 'mcp mail:read', resource: `${resource}/files` }, 'mcp'],
  ])('grants %s', async (_what, parameters, granted) => {
    const code = await client.obtainCode(parameters);
    const answer = await client.redeem(code);
    const { access_token: token } = JSON.parse(answer.text) as { access_token: string };
    expect(String(decodeJwt(token).claims.scope).split(' ').toSorted().join(' ')).toBe(granted);
  });

  it.each([
    ['a trailing slash', `${resource}/`],
    ['upper case in scheme and host', 'HTTP://LOCALHOST:3000/mcp'],
    ['no resource at all', undefined],
  ])('issues a token for the canonical resource to a client that sends %s (RFC 8707 §2)', async (_what, spelled) => {
    const code = await client.obtainCode({ resource: spelled });
    const answer = await client.redeem(code, spelled === undefined ? {} : { resource: spelled });
    expect(answer.status).toBe(200);
    const { access_token: token } = JSON.parse(answer.text) as { access_token: string };
    expect(decodeJwt(token).claims.aud).toBe(resource);
  });

  it('issues a token for one server, with that server alone as audience', async () => {
    const answer = await client.redeem(await client.obtainCode({ resource: `${resource}/files` }));
    const { access_token: token } = JSON.parse(answer.text) as { access_token: string };
    expect(decodeJwt(token).claims.aud).toBe(`${resource}/files`);
  });
});
