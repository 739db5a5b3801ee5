import { MetaKey } from '@gatehouse/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callMcp, modernMeta, readAnswer, toolsOf } from '../../../test/support/call-mcp.ts';
import { publicUrl, startTestGateway } from './support/test-gateway.ts';
import type { TestGateway } from './support/test-gateway.ts';

let test: TestGateway;
let token: string;
let serverToken: string;
const call = (method: string, params: Record<string, unknown> = {}, options: Parameters<typeof callMcp>[4] = {}) =>
  callMcp(`${test.url}/mcp`, token, method, params, options);
const callTool = (tool: string, text = '', options: Parameters<typeof callMcp>[4] = {}) =>
  call('tools/call', { name: `${test.server}__${tool}`, arguments: { text } }, options);
const callServer = (method: string, params: Record<string, unknown> = {}) =>
  callMcp(`${test.url}/mcp/${test.server}`, serverToken, method, params);

beforeAll(async () => {
  test = await startTestGateway();
  token = await test.token();
  serverToken = await test.token({ aud: `${publicUrl}/mcp/${test.server}` });
});
afterAll(() => test.stop());

describe('server/discover', () => {
  it('names versions, capabilities, identity and how long that may be believed', async () => {
    const { status, body } = await call('server/discover');
    expect(status).toBe(200);
    expect(body.result).toMatchObject({
      resultType: 'complete',
      supportedVersions: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26'],
      cacheScope: 'private',
      _meta: { [MetaKey.serverInfo]: { name: 'gatehouse', title: 'Gatehouse' } },
    });
    expect(body.result?.ttlMs).toBeGreaterThanOrEqual(0);
    expect(body.result?.capabilities).toEqual({
      tools: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      prompts: { listChanged: true },
      completions: {},
      logging: {},
      extensions: { 'io.modelcontextprotocol/tasks': {} },
    });
  });

  it('on the endpoint of one server speaks for that server', async () => {
    const { body } = await callServer('server/discover');
    expect(body.result).toMatchObject({
      instructions: 'Use echo.',
      _meta: { [MetaKey.serverInfo]: { name: test.server, title: 'Fixture', version: '3.2.1' } },
    });
  });
});

describe('lists', () => {
  it.each([
    ['tools/list', 'tools'],
    ['resources/list', 'resources'],
    ['resources/templates/list', 'resourceTemplates'],
    ['prompts/list', 'prompts'],
  ])('%s carries caching hints and serverInfo', async (method, key) => {
    const { status, body } = await call(method);
    expect(status).toBe(200);
    expect(body.result).toMatchObject({
      resultType: 'complete',
      cacheScope: 'private',
      _meta: { [MetaKey.serverInfo]: {} },
    });
    expect(body.result?.[key]).not.toHaveLength(0);
  });

  it('prefix names on /mcp and keep them on the endpoint of the server', async () => {
    const names = async (answer: ReturnType<typeof call>) => toolsOf(await answer).map(({ name }) => name);
    expect(await names(call('tools/list'))).toContain(`${test.server}__echo`);
    expect(await names(callServer('tools/list'))).toContain('echo');
  });

  it('keep to themselves what is between gateway and worker', async () => {
    expect(JSON.stringify((await call('tools/list')).body)).not.toContain('gatehouse":{');
  });

  it.each([['nonsense'], [''], [Buffer.from('prompts\nx').toString('base64url')], [7]])(
    'refuse the cursor %j with -32602',
    async (cursor) => {
      expect(await call('tools/list', { cursor })).toMatchObject({ status: 200, body: { error: { code: -32602 } } });
    },
  );
});

describe('tools/call', () => {
  it('relays the result of the worker as JSON', async () => {
    const answer = await callTool('echo', 'hi', { id: 'a-1' });
    expect(answer).toMatchObject({ status: 200, body: { id: 'a-1', result: { content: [{ text: 'echo: hi' }] } } });
    expect(answer.headers.get('content-type')).toBe('application/json');
  });

  it('hands the worker the bytes of the client, the unprefixed name and the principal, never the token', async () => {
    await callTool('echo', 'who');
    const seen = test.worker.lastCall;
    expect(seen).toMatchObject({
      name: 'echo',
      method: 'tools/call',
      tenant: test.tenant,
      principal: { accountId: 'account-1', oauthClientId: 'client-1' },
    });
    expect(JSON.parse(Buffer.from(seen?.body ?? []).toString())).toMatchObject({
      params: { name: `${test.server}__echo` },
    });
    expect(JSON.stringify(seen)).not.toContain(token);
  });

  it('hands on the trace context of the request as it came while nobody traces, and the id that the log has', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01';
    const trace = { traceparent, tracestate: 'rojo=1', baggage: 'user=alice' };
    await callTool('echo', '', { meta: trace });
    expect(test.worker.lastCall).toMatchObject({ trace, traceId: '0af7651916cd43dd8448eb211c80319c' });
    await callTool('echo', '', { headers: { traceparent, tracestate: 'rojo=2' } });
    expect(test.worker.lastCall?.trace).toEqual({ traceparent, tracestate: 'rojo=2' });
    await callTool('echo');
    expect(test.worker.lastCall?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(test.worker.lastCall?.trace).toBeUndefined();
  });

  it('relays a failed tool as a result', async () => {
    expect(await callTool('fail')).toMatchObject({ status: 200, body: { result: { isError: true } } });
  });

  it('relays a question to the user as the worker put it', async () => {
    expect(await callTool('ask')).toMatchObject({
      status: 200,
      body: { result: { resultType: 'input_required', inputRequests: { name: { method: 'elicitation/create' } } } },
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['an unknown tool', { name: 'nobody__knows' }],
    ['a tool without prefix', { name: 'echo' }],
    ['arguments as an array', { name: 'echo', arguments: [] }],
    ['no name', {}],
  ])('answers -32602 to %s', async (_what, params) => {
    expect(await call('tools/call', params)).toMatchObject({ status: 200, body: { id: 1, error: { code: -32602 } } });
  });

  it.each<[string, Record<string, string | undefined>]>([
    ['is missing', { 'mcp-name': undefined }],
    ['disagrees', { 'mcp-name': 'other' }],
  ])('answers 400 and -32020 when Mcp-Name %s', async (_what, headers) => {
    expect(await callTool('echo', '', { headers })).toMatchObject({ status: 400, body: { error: { code: -32020 } } });
  });

  it('answers 400 and -32021 with what the client would have to declare', async () => {
    expect(await callTool('sampled')).toMatchObject({
      status: 400,
      body: { id: 1, error: { code: -32021, data: { requiredCapabilities: { sampling: {} } } } },
    });
    const meta = { [MetaKey.clientCapabilities]: { sampling: {} } };
    expect(await callTool('sampled', '', { meta })).toMatchObject({ status: 200, body: { result: {} } });
  });

  it.each<[string, object, string | undefined, number, number?]>([
    ['agrees', { region: 'eu' }, 'eu', 200],
    ['agrees in base64', { region: 'Hello' }, '=?base64?SGVsbG8=?=', 200],
    ['is absent like the argument', {}, undefined, 200],
    ['is missing', { region: 'eu' }, undefined, 400, -32020],
    ['disagrees', { region: 'eu' }, 'us', 400, -32020],
    ['is badly encoded', { region: 'Hello' }, '=?base64?SGVsbG8?=', 400, -32020],
  ])('with a parameter header that %s answers accordingly', async (_what, args, header, status, code) => {
    const params = { name: `${test.server}__routed`, arguments: args };
    const answer = await call('tools/call', params, { headers: { 'mcp-param-region': header } });
    expect(answer.status).toBe(status);
    expect(answer.body.error?.code).toBe(code);
  });

  it('to a server without workers answers -31001, not executed, with when to come back', async () => {
    const lonely = await startTestGateway({ tenant: test.tenant });
    await lonely.stop();
    const scope = `mcp ${lonely.server}:read`;
    const answer = await callMcp(`${test.url}/mcp`, await test.token({ scope }), 'tools/call', {
      name: `${lonely.server}__echo`,
    });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        id: 1,
        error: {
          code: -31001,
          data: { executed: 'no', retryable: true, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
        },
      },
    });
    expect(answer.headers.get('retry-after')).toBe('1');
  });
});

describe('resources, prompts and completions', () => {
  it('reads a listed resource, and one behind a template', async () => {
    for (const uri of [`${test.server}://readme`, `${test.server}://notes/1`])
      expect(await call('resources/read', { uri })).toMatchObject({
        status: 200,
        body: { result: { contents: [{ uri, text: 'contents' }], ttlMs: 0, cacheScope: 'private' } },
      });
  });

  it('answers -32602 to a URI that nobody owns', async () => {
    const uri = 'nobody://here';
    expect(await call('resources/read', { uri })).toMatchObject({
      status: 200,
      body: { error: { code: -32602, data: { uri } } },
    });
  });

  it('relays that a worker does not know the resource', async () => {
    const uri = `${test.server}://notes/missing`;
    expect(await call('resources/read', { uri })).toMatchObject({
      status: 200,
      body: { error: { code: -32602, data: { uri } } },
    });
  });

  it('gets a prompt, and answers -32602 to an unknown one', async () => {
    expect(await call('prompts/get', { name: `${test.server}__greet` })).toMatchObject({
      body: { result: { messages: [{}] } },
    });
    expect(await call('prompts/get', { name: 'greet' })).toMatchObject({
      status: 200,
      body: { error: { code: -32602 } },
    });
  });

  it.each<[string, () => object, string]>([
    ['a prompt', () => ({ type: 'ref/prompt', name: `${test.server}__greet` }), 'for greet'],
    ['a template', () => ({ type: 'ref/resource', uri: `${test.server}://notes/{id}` }), '://notes/{id}'],
  ])('completes an argument of %s', async (_what, ref, value) => {
    const { body } = await call('completion/complete', { ref: ref(), argument: { name: 'a', value: 'b' } });
    expect(body.result).toMatchObject({ completion: { values: [expect.stringContaining(value)] } });
  });

  it.each([[undefined], [{ type: 'ref/tool', name: 'x' }], [{ type: 'ref/prompt', name: 'unknown' }]])(
    'answers -32602 to the reference %j',
    async (ref) => {
      expect(await call('completion/complete', { ref })).toMatchObject({ body: { error: { code: -32602 } } });
    },
  );
});

describe('what 2026-07-28 removed', () => {
  it.each([
    ['initialize'],
    ['ping'],
    ['logging/setLevel'],
    ['resources/subscribe'],
    ['resources/unsubscribe'],
    ['tasks/list'],
    ['tasks/result'],
  ])('%s answers 404 and -32601', async (method) => {
    expect(await call(method)).toMatchObject({ status: 404, body: { id: 1, error: { code: -32601 } } });
  });

  it('accepts a notification with 202 and no body', async () => {
    const response = await fetch(`${test.url}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${token}`,
        'mcp-protocol-version': '2026-07-28',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId: 1, _meta: modernMeta },
      }),
    });
    expect(await readAnswer(response)).toMatchObject({ status: 202, body: {} });
  });

  it('ignores a session id and hands out none', async () => {
    const answer = await callTool('echo', '', { headers: { 'mcp-session-id': 'abc', 'last-event-id': '1' } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('mcp-session-id')).toBeNull();
  });
});
