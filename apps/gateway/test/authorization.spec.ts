import { generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callMcp, toolsOf } from '../../../test/support/call-mcp.ts';
import { rawPost, sendRaw } from './support/raw-http.ts';
import { publicUrl, startTestGateway } from './support/test-gateway.ts';
import type { TestGateway } from './support/test-gateway.ts';

let test: TestGateway;
const metadata = `${publicUrl}/.well-known/oauth-protected-resource/mcp`;
const seconds = () => Math.floor(Date.now() / 1000);

beforeAll(async () => {
  // Who has no token belongs to the default tenant: challenges speak of its servers.
  const settings = { GATEWAY_SCOPE_HIERARCHY: '*:purge > *:write, *:write > *:read' };
  test = await startTestGateway({ tenant: 'default', settings });
});
afterAll(() => test.stop());

/** The parameters of a Bearer challenge. */
function challengeOf(headers: Headers): Record<string, string> {
  const header = headers.get('www-authenticate') ?? '';
  expect(header).toMatch(/^Bearer /);
  return Object.fromEntries([...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}

describe('a request without a good token', () => {
  it('is 401 with the metadata URL and the scopes for connecting and reading, and names no error (RFC 6750 §3.1)', async () => {
    const { status, headers } = await callMcp(`${test.url}/mcp`, undefined, 'tools/list');
    expect(status).toBe(401);
    const challenge = challengeOf(headers);
    expect(challenge).not.toHaveProperty('error');
    expect(challenge.resource_metadata).toBe(metadata);
    const scopes = challenge.scope?.split(' ') ?? [];
    expect(scopes).toEqual(expect.arrayContaining(['mcp', `${test.server}:read`]));
    expect(scopes.filter((scope) => scope !== 'mcp' && !scope.endsWith(':read'))).toEqual([]);
  });

  it('is 401 before its body, type or method are looked at', async () => {
    const answer = await sendRaw(test.gateway.port, 'POST /mcp HTTP/1.1\r\nHost: localhost:3000\r\n\r\n');
    expect(answer.status).toBe(401);
  });

  it('on the endpoint of a server hears of that endpoint alone', async () => {
    const { headers } = await callMcp(`${test.url}/mcp/${test.server}`, undefined, 'tools/list');
    expect(challengeOf(headers)).toEqual({
      resource_metadata: `${metadata}/${test.server}`,
      scope: `mcp ${test.server}:read`,
    });
  });

  it.each<[string, () => Promise<string>]>([
    ['for the endpoint of a server', () => test.token({ aud: `${publicUrl}/mcp/${test.server}` })],
    ['for another gateway', () => test.token({ aud: 'https://other.example/mcp' })],
    ['of another issuer', () => test.token({ iss: 'https://evil.example' })],
    ['that expired', () => test.token({ exp: seconds() - 31 })],
    ['without expiry', () => test.token({ exp: undefined })],
    ['that is not valid yet', () => test.token({ nbf: seconds() + 60 })],
    ['without client', () => test.token({ client_id: undefined })],
    ['that is an ID token', () => test.issuer.sign({ aud: `${publicUrl}/mcp` }, { typ: 'JWT' })],
    [
      'signed by somebody else',
      async () => test.issuer.sign({ aud: `${publicUrl}/mcp` }, { key: (await generateKeyPair('ES256')).privateKey }),
    ],
    ['that is no JWT', () => Promise.resolve('opaque')],
  ])('%s is 401 invalid_token', async (_what, sign) => {
    const { status, headers } = await callMcp(`${test.url}/mcp`, await sign(), 'tools/list');
    expect(status).toBe(401);
    expect(challengeOf(headers)).toMatchObject({ error: 'invalid_token', resource_metadata: metadata });
  });

  it('for /mcp is 401 on the endpoint of a server: prefixes are never matched', async () => {
    const { status, headers } = await callMcp(`${test.url}/mcp/${test.server}`, await test.token(), 'tools/list');
    expect(status).toBe(401);
    expect(challengeOf(headers)).toMatchObject({ resource_metadata: `${metadata}/${test.server}` });
  });

  it.each<[string, string, Record<string, string>]>([
    ['two Authorization headers', '/mcp', { Authorization: 'Bearer a', authorization: 'Bearer b' }],
    ['a token in the query', '/mcp?access_token=a', {}],
    ['two tokens in one header', '/mcp', { Authorization: 'Bearer a b' }],
  ])('sent as %s is 400 invalid_request', async (_what, path, headers) => {
    const answer = await sendRaw(test.gateway.port, rawPost(path, '{}', headers));
    expect(answer.status).toBe(400);
    expect(answer.head).toContain('error="invalid_request"');
  });
});

describe('a server that does not exist', () => {
  it('is 401 without a token, like one that exists', async () => {
    const { status, headers } = await callMcp(`${test.url}/mcp/nobody`, undefined, 'tools/list');
    expect(status).toBe(401);
    expect(challengeOf(headers)).toMatchObject({ resource_metadata: `${metadata}/nobody` });
  });

  it.each([['/mcp'], ['/mcp/nobody']])('is 404 with a token for %s', async (resource) => {
    const token = await test.token({ aud: `${publicUrl}${resource}` });
    expect((await callMcp(`${test.url}/mcp/nobody`, token, 'tools/list')).status).toBe(404);
  });

  it('is 401 with a token of another gateway', async () => {
    const token = await test.token({ aud: 'https://other.example/mcp' });
    expect((await callMcp(`${test.url}/mcp/nobody`, token, 'tools/list')).status).toBe(401);
  });
});

describe('a token with too few scopes', () => {
  it.each<[string, string, string, string]>([
    ['a list', 'tools/list', '', 'mcp'],
    ['a tool that reads', 'tools/call', 'echo', 'mcp :read'],
    ['a tool that writes', 'tools/call', 'write', 'mcp :write'],
    ['a tool with a scope of its own', 'tools/call', 'purge', 'mcp :purge'],
  ])('is 403 for %s, naming all that it needs', async (_what, method, tool, scopes) => {
    const token = await test.token({ scope: tool === '' ? 'other' : 'mcp' });
    const params = tool === '' ? {} : { name: `${test.server}__${tool}` };
    const { status, headers } = await callMcp(`${test.url}/mcp`, token, method, params);
    expect(status).toBe(403);
    expect(challengeOf(headers)).toMatchObject({
      error: 'insufficient_scope',
      scope: scopes.replace(' :', ` ${test.server}:`),
      resource_metadata: metadata,
    });
  });

  it('is good for what it covers', async () => {
    const token = await test.token({ scope: `mcp ${test.server}:read` });
    expect(await callMcp(`${test.url}/mcp`, token, 'tools/call', { name: `${test.server}__echo` })).toMatchObject({
      status: 200,
      body: { result: {} },
    });
  });

  it('is good for what a granted scope still opens, and challenged for what came to it later', async () => {
    const token = await test.token({ scope: 'mcp', partial_scopes: { [`${test.server}:read`]: ['report'] } });
    const callTool = (tool: string) =>
      callMcp(`${test.url}/mcp`, token, 'tools/call', { name: `${test.server}__${tool}`, arguments: {} });
    expect(await callTool('echo')).toMatchObject({ status: 200, body: { result: {} } });
    const { status, headers } = await callTool('report');
    expect(status).toBe(403);
    expect(challengeOf(headers)).toMatchObject({ error: 'insufficient_scope', scope: `mcp ${test.server}:read` });
    expect(await callMcp(`${test.url}/mcp`, token, 'resources/read', { uri: `${test.server}://readme` })).toMatchObject(
      {
        status: 200,
        body: { result: {} },
      },
    );
  });

  it('is good for what the hierarchy adds to it', async () => {
    const callTool = async (scope: string, tool: string) =>
      callMcp(`${test.url}/mcp`, await test.token({ scope: `mcp ${test.server}:${scope}` }), 'tools/call', {
        name: `${test.server}__${tool}`,
        arguments: {},
      });
    expect(await callTool('purge', 'echo')).toMatchObject({ status: 200, body: { result: {} } });
    expect(await callTool('purge', 'write')).toMatchObject({ status: 200, body: { result: {} } });
    expect((await callTool('write', 'purge')).status).toBe(403);
    expect((await callTool('read', 'write')).status).toBe(403);
    const partial = await test.token({ scope: 'mcp', partial_scopes: { [`${test.server}:write`]: ['report'] } });
    const statusOf = async (tool: string) =>
      (await callMcp(`${test.url}/mcp`, partial, 'tools/call', { name: `${test.server}__${tool}`, arguments: {} }))
        .status;
    expect([await statusOf('echo'), await statusOf('report')]).toEqual([200, 403]);
  });

  it('still lists everything, or nobody could step up', async () => {
    const answer = await callMcp(`${test.url}/mcp`, await test.token({ scope: 'mcp' }), 'tools/list');
    expect(toolsOf(answer).map(({ name }) => name)).toContain(`${test.server}__purge`);
  });
});

describe('another tenant', () => {
  it('sees nothing of this one', async () => {
    const token = await test.token({ tenant: 'somebody-else' });
    expect((await callMcp(`${test.url}/mcp`, token, 'tools/list')).body.result?.tools).toEqual([]);
    expect(await callMcp(`${test.url}/mcp`, token, 'tools/call', { name: `${test.server}__echo` })).toMatchObject({
      body: { error: { code: -32602 } },
    });
    const serverToken = await test.token({ tenant: 'somebody-else', aud: `${publicUrl}/mcp/${test.server}` });
    expect((await callMcp(`${test.url}/mcp/${test.server}`, serverToken, 'tools/list')).status).toBe(404);
  });
});

describe('protected resource metadata (RFC 9728)', () => {
  it.each([
    ['/.well-known/oauth-protected-resource', '/mcp'],
    ['/.well-known/oauth-protected-resource/mcp', '/mcp'],
    ['/.well-known/oauth-protected-resource/mcp/:server', '/mcp/:server'],
  ])('at %s describes %s, with the scopes that connecting and reading need', async (path, resource) => {
    const response = await fetch(test.url + path.replace(':server', test.server), {
      headers: { origin: 'https://any.example' },
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    const document = (await response.json()) as { scopes_supported: string[] };
    expect(document.scopes_supported).not.toContain(`${test.server}:write`);
    expect(document).toMatchObject({
      resource: publicUrl + resource.replace(':server', test.server),
      authorization_servers: [test.issuer.issuer],
      bearer_methods_supported: ['header'],
      scopes_supported: expect.arrayContaining(['mcp', `${test.server}:read`]) as string[],
    });
  });

  it.each<[string, string, number]>([
    ['GET', '/.well-known/oauth-protected-resource/mcp/nobody', 404],
    ['GET', '/.well-known/oauth-protected-resource/other', 404],
    ['POST', '/.well-known/oauth-protected-resource/mcp', 405],
    ['OPTIONS', '/.well-known/oauth-protected-resource/mcp', 204],
    ['HEAD', '/.well-known/oauth-protected-resource/mcp', 200],
  ])('%s %s answers %i', async (method, path, status) => {
    expect((await fetch(test.url + path, { method })).status).toBe(status);
  });
});

describe('a page in a browser', () => {
  const origin = 'http://localhost:6274';

  it('of an allowed origin may ask with the headers of MCP', async () => {
    const response = await fetch(`${test.url}/mcp`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,mcp-method,mcp-param-region,traceparent,x-own',
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    expect(response.headers.get('access-control-allow-headers')).toBe(
      'authorization, content-type, mcp-method, mcp-param-region, traceparent',
    );
  });

  it('of an allowed origin may read the challenge', async () => {
    const { status, headers } = await callMcp(`${test.url}/mcp`, undefined, 'tools/list', {}, { headers: { origin } });
    expect(status).toBe(401);
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    expect(headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
  });

  it('of a foreign origin is refused, preflight included', async () => {
    const response = await fetch(`${test.url}/mcp`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(response.status).toBe(403);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});
