import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callMcp, readAnswer, toolsOf } from '../../../test/support/call-mcp.ts';
import type { Answer } from '../../../test/support/call-mcp.ts';
import { connectTo, sharedNatsUrl } from '../../../test/support/worker-side.ts';
import { startTestGateway, waitUntil } from './support/test-gateway.ts';
import type { TestGateway } from './support/test-gateway.ts';

let test: TestGateway;
let token: string;

beforeAll(async () => {
  test = await startTestGateway();
  token = await test.token();
});
afterAll(() => test.stop());

async function post(
  body: unknown,
  options: { version?: string; token?: string; signal?: AbortSignal } = {},
): Promise<Answer> {
  const response = await fetch(`${test.url}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${options.token ?? token}`,
      ...(options.version === undefined ? {} : { 'mcp-protocol-version': options.version }),
    },
    body: JSON.stringify(body),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  return readAnswer(response);
}

const request = (method: string, params: object = {}, id: unknown = 1) => ({ jsonrpc: '2.0', id, method, params });
const callTool = (tool: string, text = '') =>
  request('tools/call', { name: `${test.server}__${tool}`, arguments: { text } });

describe('initialize', () => {
  it.each([
    ['2025-11-25', '2025-11-25'],
    ['2025-06-18', '2025-06-18'],
    ['2025-03-26', '2025-03-26'],
    ['2024-11-05', '2025-11-25'],
    ['2026-07-28', '2025-11-25'],
    ['1.0', '2025-11-25'],
  ])('answers %s with %s', async (asked, agreed) => {
    const params = { protocolVersion: asked, capabilities: {}, clientInfo: { name: 'c', version: '1' } };
    const answer = await post(request('initialize', params));
    expect(answer).toMatchObject({
      status: 200,
      body: {
        id: 1,
        result: {
          protocolVersion: agreed,
          serverInfo: { name: 'gatehouse' },
          capabilities: { tools: {}, resources: {}, prompts: {}, completions: {} },
        },
      },
    });
    expect(answer.headers.get('mcp-session-id')).toBeNull();
  });

  it('is followed by a notification that is accepted with 202', async () => {
    expect(
      await post({ jsonrpc: '2.0', method: 'notifications/initialized' }, { version: '2025-11-25' }),
    ).toMatchObject({ status: 202, body: {} });
  });

  it('needs a token like everything else', async () => {
    expect((await post(request('initialize'), { token: 'none' })).status).toBe(401);
  });
});

describe.each(['2025-11-25', '2025-06-18', '2025-03-26', undefined])('revision %s', (version) => {
  const options = version === undefined ? {} : { version };

  it.each<[string, () => object, object]>([
    ['ping', () => request('ping'), {}],
    [
      'tools/list',
      () => request('tools/list'),
      {
        tools: expect.arrayContaining([
          expect.objectContaining({ name: expect.stringContaining('__echo') as string }),
        ]) as object,
      },
    ],
    ['tools/call', () => callTool('echo', 'hi'), { content: [{ text: 'echo: hi' }] }],
    ['tools/call that fails', () => callTool('fail'), { isError: true }],
    ['resources/list', () => request('resources/list'), { resources: [{}] }],
    ['resources/templates/list', () => request('resources/templates/list'), { resourceTemplates: [{}] }],
    ['resources/read', () => request('resources/read', { uri: `${test.server}://readme` }), { contents: [{}] }],
    ['prompts/list', () => request('prompts/list'), { prompts: [{}] }],
    ['prompts/get', () => request('prompts/get', { name: `${test.server}__greet` }), { messages: [{}] }],
    [
      'completion/complete',
      () =>
        request('completion/complete', {
          ref: { type: 'ref/prompt', name: `${test.server}__greet` },
          argument: { name: 'a', value: '' },
        }),
      { completion: {} },
    ],
  ])('serves %s', async (_method, message, result) => {
    expect(await post(message(), options)).toMatchObject({ status: 200, body: { id: 1, result } });
  });

  it.each<[string, () => object, number]>([
    ['an unknown method', () => request('tools/destroy'), -32601],
    ['a method of 2026-07-28', () => request('server/discover'), -32601],
    ['a subscription', () => request('subscriptions/listen', { notifications: {} }), -32601],
    ['an unknown tool', () => request('tools/call', { name: 'unknown' }), -32602],
    ['a URI that nobody owns', () => request('resources/read', { uri: 'nobody://here' }), -32002],
    [
      'a resource that the worker does not know',
      () => request('resources/read', { uri: `${test.server}://notes/missing` }),
      -32002,
    ],
    ['a tool that asks the user', () => callTool('ask'), -32021],
    ['a tool that needs capabilities', () => callTool('sampled'), -32021],
  ])('answers %s with its error and status 200', async (_what, message, code) => {
    expect(await post(message(), options)).toMatchObject({ status: 200, body: { id: 1, error: { code } } });
  });
});

describe('the 2025 revisions', () => {
  it('give the worker a 2026-07-28 request, and keep what the client sent beside it', async () => {
    await post(
      request('tools/call', {
        name: `${test.server}__echo`,
        arguments: { text: 'x' },
        _meta: { progressToken: 5, 'a.b/c': 1 },
      }),
    );
    expect(JSON.parse(Buffer.from(test.worker.lastCall?.body ?? []).toString())).toMatchObject({
      params: {
        arguments: { text: 'x' },
        _meta: {
          progressToken: 5,
          'a.b/c': 1,
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    });
  });

  it('know output schemas and structured content as objects only', async () => {
    const listed = await post(request('tools/list'), { version: '2025-11-25' });
    const list = toolsOf(listed).find(({ name }) => name.endsWith('__list'));
    expect(list).not.toHaveProperty('outputSchema');
    const answer = await post(callTool('list'), { version: '2025-11-25' });
    expect(answer.body.result).not.toHaveProperty('structuredContent');
    expect(answer.body.result).toMatchObject({ content: [{ text: '[1,2]' }] });
  });

  it('stream notifications before the result', async () => {
    const { headers, events } = await post(callTool('report'), { version: '2025-11-25' });
    expect(headers.get('content-type')).toBe('text/event-stream');
    expect(events.map(({ method }) => method)).toEqual([
      ...Array.from({ length: 3 }, () => 'notifications/progress'),
      undefined,
    ]);
  });

  describe('without a scope', () => {
    const held = () => `mcp ${test.server}:read`;
    const challenged = () => `mcp ${test.server}:read ${test.server}:write`;
    const write = async (claims: Record<string, unknown>) => {
      const { status, headers } = await post(callTool('write'), { token: await test.token(claims) });
      return { status, scope: /scope="([^"]*)"/.exec(headers.get('www-authenticate') ?? '')?.[1] };
    };

    it('are challenged with 403 for it and for those that the token has (2025-11-25 §Scope Challenge Handling)', async () => {
      expect(await write({ scope: held() })).toEqual({ status: 403, scope: challenged() });
      // A strange issuer may call its scopes what it likes.
      expect(await write({ scope: `${held()} a"b c\r\nd é` })).toEqual({ status: 403, scope: challenged() });
    });

    it('are reported, once, to an authorization server that leads their client; the challenge waits for it', async () => {
      const reports: unknown[] = [];
      let isTaken = false;
      const nats = await connectTo(sharedNatsUrl());
      nats.subscribe(`gh.step-up.${test.tenant}`, {
        callback: (_error, message) => {
          reports.push(message.json());
          setTimeout(() => {
            isTaken = true;
            message.respond();
          }, 50);
        },
      });
      await nats.flush();
      expect(await write({ scope: held(), gid: 'g1' })).toEqual({ status: 403, scope: challenged() });
      expect(isTaken).toBe(true);
      expect(await write({ scope: held(), gid: 'g1' })).toMatchObject({ status: 403 });
      expect(await write({ scope: challenged(), gid: 'g2' })).toMatchObject({ status: 200 });
      // A client of the newest revision asks by itself.
      const token = await test.token({ scope: held(), gid: 'g3' });
      const modern = await callMcp(`${test.url}/mcp`, token, 'tools/call', { name: `${test.server}__write` });
      expect(modern.status).toBe(403);
      await nats.flush();
      expect(reports).toEqual([
        { tenant: test.tenant, grantId: 'g1', oauthClientId: 'client-1', scopes: challenged().split(' ') },
      ]);
      await nats.close();
    });

    it('are challenged half a second later when no authorization server answers', async () => {
      const nats = await connectTo(sharedNatsUrl());
      nats.subscribe(`gh.step-up.${test.tenant}`, { callback: () => {} });
      await nats.flush();
      const askedAt = performance.now();
      expect(await write({ scope: held(), gid: 'g4' })).toMatchObject({ status: 403 });
      expect(performance.now() - askedAt).toBeLessThan(2_000);
      await nats.close();
    });
  });

  it('do not take a closed stream for a cancellation', async () => {
    const closing = new AbortController();
    const before = test.worker.cancelled.length;
    const seen = test.worker.lastCall;
    const call = post(callTool('wait', '300'), { version: '2025-11-25', signal: closing.signal });
    await waitUntil(() => test.worker.lastCall !== seen);
    closing.abort();
    await expect(call).rejects.toThrow('aborted');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(test.worker.cancelled).toHaveLength(before);
  });

  it('accept responses to requests that nobody sends yet', async () => {
    expect((await post({ jsonrpc: '2.0', id: 1, result: {} }, { version: '2025-06-18' })).status).toBe(202);
  });
});

describe('a large result', () => {
  it('is collected up to 16 MiB', async () => {
    const { body } = await post(callTool('large', '9000000'), { version: '2025-11-25' });
    expect(body.result).toMatchObject({ content: [{ text: 'x'.repeat(9_000_000) }] });
  });

  it('beyond it is -31008, executed, and its worker forgets it', async () => {
    expect(await post(callTool('large', '17000000'), { version: '2025-11-25' })).toMatchObject({
      status: 200,
      body: { error: { code: -31008, data: { executed: 'yes', retryable: false } } },
    });
    expect(await post(callTool('echo', 'still there'), { version: '2025-11-25' })).toMatchObject({
      body: { result: {} },
    });
  });
});

describe('a batch', () => {
  it('collects no more than one request may', async () => {
    const answer = await post(
      Array.from({ length: 4 }, (_, id) => ({ ...callTool('large', '5000000'), id })),
      { version: '2025-03-26' },
    );
    const members = answer.body as unknown as Answer['body'][];
    expect(members.map(({ error }) => error?.code)).toEqual([-31008, -31008, -31008, -31008]);
  });

  const members = () => [
    request('ping', {}, 'a'),
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    { ...callTool('echo', 'b'), id: 2 },
  ];

  it.each([['2025-03-26'], [undefined]])(
    'is answered member by member in revision %s, which demands it (MCP 2025-03-26 §Batching)',
    async (version) => {
      const { status, body } = await post(members(), version === undefined ? {} : { version });
      expect(status).toBe(200);
      expect(body).toMatchObject([
        { id: 'a', result: {} },
        { id: 2, result: { content: [{ text: 'echo: b' }] } },
      ]);
    },
  );

  it('of notifications alone is 202', async () => {
    expect(await post([{ jsonrpc: '2.0', method: 'notifications/initialized' }])).toMatchObject({
      status: 202,
      body: {},
    });
  });

  it('reports each bad member in its place', async () => {
    const scope = await test.token({ scope: 'mcp' });
    const { body } = await post(
      [
        7,
        { jsonrpc: '2.0', id: null, method: 'ping' },
        request('initialize', {}, 'i'),
        { ...callTool('write'), id: 'w' },
        request('ping', {}, 'p'),
      ],
      { token: scope },
    );
    expect(body).toMatchObject([
      { error: { code: -32600 } },
      { error: { code: -32600 } },
      { id: 'i', error: { code: -32600 } },
      { id: 'w', error: { code: -32600, data: { error: 'insufficient_scope' } } },
      { id: 'p', result: {} },
    ]);
  });

  it.each<[string, unknown, string | undefined]>([
    ['in revision 2025-06-18', [request('ping')], '2025-06-18'],
    ['in revision 2025-11-25', [request('ping')], '2025-11-25'],
    ['in revision 2026-07-28', [request('ping')], '2026-07-28'],
    [
      'with a member of 2026-07-28',
      [request('ping', { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } })],
      undefined,
    ],
    ['that is empty', [], undefined],
    ['of 51 members', Array.from({ length: 51 }, () => request('ping')), undefined],
  ])('%s is 400 and -32600', async (_what, body, version) => {
    expect(await post(body, version === undefined ? {} : { version })).toMatchObject({
      status: 400,
      body: { error: { code: -32600 } },
    });
  });
});
