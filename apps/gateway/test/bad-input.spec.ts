import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { modernMeta } from '../../../test/support/call-mcp.ts';
import { rawPost, sendRaw } from './support/raw-http.ts';
import { startTestGateway } from './support/test-gateway.ts';
import type { TestGateway } from './support/test-gateway.ts';

let test: TestGateway;
let token: string;

beforeAll(async () => {
  test = await startTestGateway();
  token = await test.token();
});
afterAll(() => test.stop());

const version = '2026-07-28';
const list = { jsonrpc: '2.0', id: 7, method: 'tools/list', params: { _meta: modernMeta } };
const listHeaders = { 'MCP-Protocol-Version': version, 'Mcp-Method': 'tools/list' };
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const withMeta = (meta: object | undefined) => JSON.stringify({ ...list, params: { _meta: meta } });
const without = (key: string) => Object.fromEntries(Object.entries(modernMeta).filter(([name]) => name !== key));

interface Row {
  body: string | Buffer;
  headers?: Record<string, string | undefined>;
  status: number;
  code: number;
  id?: unknown;
}

describe('a body that is no message', () => {
  const rows: [string, Row][] = [
    ['nothing', { body: '', status: 400, code: -32700 }],
    ['not JSON', { body: 'hello', status: 400, code: -32700 }],
    ['half a message', { body: JSON.stringify(list).slice(0, -2), status: 400, code: -32700 }],
    ['invalid UTF-8', { body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), status: 400, code: -32700 }],
    ['a batch', { body: JSON.stringify([list]), status: 400, code: -32600 }],
    ['an empty batch', { body: '[]', status: 400, code: -32600 }],
    ['id null', { body: JSON.stringify({ ...list, id: null }), status: 400, code: -32600 }],
    ['a fraction as id', { body: JSON.stringify({ ...list, id: 1.5 }), status: 400, code: -32600 }],
    [
      'a repeated member',
      {
        body: `{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"a":1,"a":1}}`,
        status: 400,
        code: -32600,
        id: 7,
      },
    ],
    ['a repeated id', { body: `{"jsonrpc":"2.0","id":7,"id":8,"method":"tools/list"}`, status: 400, code: -32600 }],
    [
      'depth 65',
      {
        body: `{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"a":${nested(63)}}}`,
        status: 400,
        code: -32600,
      },
    ],
    ['depth 10,000', { body: nested(10_000), status: 400, code: -32600 }],
    [
      'a response',
      {
        body: JSON.stringify({ jsonrpc: '2.0', id: 7, result: {} }),
        headers: { 'MCP-Protocol-Version': version },
        status: 400,
        code: -32600,
        id: 7,
      },
    ],
    ['no _meta', { body: withMeta(undefined), status: 400, code: -32602, id: 7 }],
    [
      'no protocol version in _meta',
      { body: withMeta(without('io.modelcontextprotocol/protocolVersion')), status: 400, code: -32602, id: 7 },
    ],
    [
      'no client capabilities',
      { body: withMeta(without('io.modelcontextprotocol/clientCapabilities')), status: 400, code: -32602, id: 7 },
    ],
    [
      'an unknown log level',
      {
        body: withMeta({ ...modernMeta, 'io.modelcontextprotocol/logLevel': 'loud' }),
        status: 400,
        code: -32602,
        id: 7,
      },
    ],
    [
      'another version in the header',
      {
        body: JSON.stringify(list),
        headers: { 'MCP-Protocol-Version': '2025-11-25' },
        status: 400,
        code: -32020,
        id: 7,
      },
    ],
    [
      'no version header',
      { body: JSON.stringify(list), headers: { 'MCP-Protocol-Version': undefined }, status: 400, code: -32020, id: 7 },
    ],
    [
      'no method header',
      { body: JSON.stringify(list), headers: { 'Mcp-Method': undefined }, status: 400, code: -32020, id: 7 },
    ],
    [
      'another method in the header',
      { body: JSON.stringify(list), headers: { 'Mcp-Method': 'prompts/list' }, status: 400, code: -32020, id: 7 },
    ],
    [
      'an unknown method',
      {
        body: JSON.stringify({ ...list, method: 'tools/destroy' }),
        headers: { 'Mcp-Method': 'tools/destroy' },
        status: 404,
        code: -32601,
        id: 7,
      },
    ],
    [
      'an unsupported version',
      {
        body: withMeta({ ...modernMeta, 'io.modelcontextprotocol/protocolVersion': '2030-01-01' }),
        headers: { 'MCP-Protocol-Version': '2030-01-01' },
        status: 400,
        code: -32022,
        id: 7,
      },
    ],
    [
      'an unknown version in the header alone',
      {
        body: '{"jsonrpc":"2.0","id":7,"method":"ping"}',
        headers: { 'MCP-Protocol-Version': '1900-01-01' },
        status: 400,
        code: -32022,
        id: 7,
      },
    ],
  ];

  it.each(rows)('%s is refused', async (_what, { body, headers, status, code, id }) => {
    const answer = await sendRaw(
      test.gateway.port,
      rawPost('/mcp', body, { Authorization: `Bearer ${token}`, ...listHeaders, ...headers }),
    );
    expect(answer.status).toBe(status);
    const response = JSON.parse(answer.body) as { id?: unknown; error: { code: number } };
    expect(response.error.code).toBe(code);
    expect(response.id).toBe(id);
  });

  it('of an unsupported version hears which ones are supported', async () => {
    const body = withMeta({ ...modernMeta, 'io.modelcontextprotocol/protocolVersion': '2030-01-01' });
    const headers = { Authorization: `Bearer ${token}`, ...listHeaders, 'MCP-Protocol-Version': '2030-01-01' };
    const answer = await sendRaw(test.gateway.port, rawPost('/mcp', body, headers));
    expect(JSON.parse(answer.body)).toMatchObject({
      error: { data: { requested: '2030-01-01', supported: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26'] } },
    });
  });
});

describe('a body over the limit', () => {
  const tooLarge = Buffer.alloc(5 * 1024 * 1024, 0x20);
  const authorized = () => ({ Authorization: `Bearer ${token}`, ...listHeaders });

  it('of 5 MiB is 413 with -31008, and the connection closes', async () => {
    const answer = await sendRaw(test.gateway.port, rawPost('/mcp', tooLarge, authorized()), { waitMs: 4_000 });
    expect(answer).toMatchObject({ status: 413, closed: true });
    expect(JSON.parse(answer.body)).toMatchObject({
      error: { code: -31008, data: { executed: 'no', retryable: false } },
    });
  });

  it('is 413 to a client that reads only when it has sent everything', async () => {
    const socket = connect(test.gateway.port, '127.0.0.1');
    socket.pause();
    const failed = vi.fn<(error: Error) => void>();
    socket.on('error', failed);
    const sent = new Promise((resolve) => {
      socket.write(rawPost('/mcp', Buffer.alloc(32 * 1024 * 1024, 0x20), authorized()), resolve);
    });
    expect(await sent).toBeFalsy();
    socket.resume();
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
    expect(failed).not.toHaveBeenCalled();
    socket.destroy();
  });

  it('is 413 when it comes in chunks without a length', async () => {
    const head = rawPost('/mcp', '', { ...authorized(), 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' });
    const chunk = Buffer.concat([
      Buffer.from(`${tooLarge.length.toString(16)}\r\n`),
      tooLarge,
      Buffer.from('\r\n0\r\n\r\n'),
    ]);
    const answer = await sendRaw(test.gateway.port, Buffer.concat([head, chunk]), { waitMs: 4_000 });
    expect(answer).toMatchObject({ status: 413, closed: true });
  });

  it('is answered before it is sent whole', async () => {
    const head = rawPost('/mcp', '', { ...authorized(), 'Content-Length': String(tooLarge.length) });
    expect(await sendRaw(test.gateway.port, head)).toMatchObject({ status: 413 });
  });

  it('of exactly the limit is read', async () => {
    const limit = Number(process.env.GATEHOUSE_TEST_BODY_LIMIT ?? 4 * 1024 * 1024);
    const padded = Buffer.concat([Buffer.from(JSON.stringify(list)), Buffer.alloc(limit, 0x20)]).subarray(0, limit);
    const answer = await sendRaw(test.gateway.port, rawPost('/mcp', padded, authorized()), { waitMs: 1_000 });
    expect(answer.status).toBe(200);
  });
});

describe('large bodies that are under way', () => {
  it('take the room of their account, and none of others', async () => {
    const largest = 4 * 1024 * 1024 - 16 * 1024;
    const large = (of: string) =>
      rawPost('/mcp', '', { Authorization: `Bearer ${of}`, ...listHeaders, 'Content-Length': String(largest) });
    const sockets = Array.from({ length: 16 }, () => connect(test.gateway.port, '127.0.0.1'));
    for (const socket of sockets) socket.on('error', () => undefined).write(large(token));
    try {
      const answer = await vi.waitFor(async () => {
        const last = await sendRaw(test.gateway.port, large(token), { waitMs: 50 });
        expect(last.status).toBe(503);
        return last;
      });
      expect(answer).toMatchObject({ body: expect.stringContaining('too many large requests') as string });
      expect(answer.head).toMatch(/^retry-after: 1$/im);
      const small = await sendRaw(
        test.gateway.port,
        rawPost('/mcp', JSON.stringify(list), { Authorization: `Bearer ${token}`, ...listHeaders }),
      );
      expect(small.status).toBe(200);
      const padded = Buffer.concat([Buffer.from(JSON.stringify(list)), Buffer.alloc(1024 * 1024, 0x20)]);
      const others = { Authorization: `Bearer ${await test.token({ sub: 'somebody-else' })}`, ...listHeaders };
      expect((await sendRaw(test.gateway.port, rawPost('/mcp', padded, others))).status).toBe(200);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    const own = { Authorization: `Bearer ${token}`, ...listHeaders };
    const padded = Buffer.concat([Buffer.from(JSON.stringify(list)), Buffer.alloc(1024 * 1024, 0x20)]);
    await vi.waitFor(async () =>
      expect((await sendRaw(test.gateway.port, rawPost('/mcp', padded, own))).status).toBe(200),
    );
  });
});

describe('a request head that is ambiguous or foreign', () => {
  const body = JSON.stringify(list);
  const request = (lines: string[]) => `${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

  it.each<[string, string[], number, boolean]>([
    ['two Host headers', ['POST /mcp HTTP/1.1', 'Host: localhost:3000', 'Host: localhost:3000'], 400, true],
    ['no Host header', ['POST /mcp HTTP/1.1'], 400, true],
    ['a request line without version', ['POST /mcp', 'Host: localhost:3000'], 400, true],
    ['HTTP/0.9', ['POST /mcp HTTP/0.9', 'Host: localhost:3000'], 400, true],
    ['two framings', ['POST /mcp HTTP/1.1', 'Host: localhost:3000', 'Transfer-Encoding: chunked'], 400, true],
    ['a header line without colon', ['POST /mcp HTTP/1.1', 'Host: localhost:3000', 'nonsense'], 400, true],
    ['a foreign Host', ['POST /mcp HTTP/1.1', 'Host: evil.example'], 421, false],
    ['a foreign Host that begins like ours', ['POST /mcp HTTP/1.1', 'Host: localhost.evil.example'], 421, false],
    ['a foreign Origin', ['POST /mcp HTTP/1.1', 'Host: localhost:3000', 'Origin: https://evil.example'], 403, false],
    ['an opaque Origin', ['POST /mcp HTTP/1.1', 'Host: localhost:3000', 'Origin: null'], 403, false],
    ['an unknown path', ['POST /other HTTP/1.1', 'Host: localhost:3000'], 404, false],
    [
      'the absolute form of a foreign URL',
      ['POST http://evil.example/mcp HTTP/1.1', 'Host: localhost:3000'],
      421,
      false,
    ],
    ['the absolute form of no host', ['POST http:///mcp HTTP/1.1', 'Host: localhost:3000'], 421, false],
    [
      'the absolute form of a user',
      ['POST http://localhost@evil.example/mcp HTTP/1.1', 'Host: localhost:3000'],
      421,
      false,
    ],
    ['the absolute form of an unknown path', ['POST http://localhost/ HTTP/1.1', 'Host: localhost:3000'], 404, false],
    ['the absolute form without path', ['POST http://localhost HTTP/1.1', 'Host: localhost:3000'], 404, false],
    ['the absolute form without token', ['POST http://localhost/mcp?x=1 HTTP/1.1', 'Host: evil.example'], 401, false],
    ['GET', ['GET /mcp HTTP/1.1', 'Host: localhost:3000'], 405, false],
    ['DELETE', ['DELETE /mcp HTTP/1.1', 'Host: localhost:3000'], 405, false],
    ['PUT', ['PUT /mcp/files HTTP/1.1', 'Host: localhost:3000'], 405, false],
    ['no token', ['POST /mcp HTTP/1.1', 'Host: localhost:3000'], 401, false],
  ])('%s is refused', async (_what, lines, status, closed) => {
    const answer = await sendRaw(test.gateway.port, request(lines));
    expect(answer).toMatchObject({ status, closed });
  });

  it.each([['localhost:3000'], ['localhost'], ['LOCALHOST:1234'], ['127.0.0.1:9'], ['[::1]:3000']])(
    'on loopback, Host and Origin %s are ours',
    async (host) => {
      const answer = await sendRaw(
        test.gateway.port,
        request(['POST /mcp HTTP/1.1', `Host: ${host}`, `Origin: http://${host}`]),
      );
      expect(answer.status).toBe(401);
    },
  );

  it('in the absolute form is served, and its host replaces Host (RFC 9112 §3.2.2)', async () => {
    const headers = { Authorization: `Bearer ${token}`, ...listHeaders, Host: 'evil.example' };
    const answer = await sendRaw(test.gateway.port, rawPost('http://localhost:3000/mcp', body, headers));
    expect(answer.status).toBe(200);
  });

  it('names the methods that are allowed', async () => {
    const answer = await sendRaw(test.gateway.port, request(['GET /mcp HTTP/1.1', 'Host: localhost:3000']));
    expect(answer.head).toMatch(/^allow: POST, OPTIONS$/im);
  });

  it('of more than 16 KiB is 431', async () => {
    const answer = await sendRaw(
      test.gateway.port,
      request(['POST /mcp HTTP/1.1', 'Host: localhost:3000', `X: ${'x'.repeat(17_000)}`]),
    );
    expect(answer).toMatchObject({ status: 431, closed: true });
  });
});

describe('media types', () => {
  it.each<[string, Record<string, string | undefined>, number]>([
    ['no Content-Type', { 'Content-Type': undefined }, 415],
    ['text', { 'Content-Type': 'text/plain' }, 415],
    ['gzip', { 'Content-Encoding': 'gzip' }, 415],
    ['two codings', { 'Content-Encoding': 'gzip, identity' }, 415],
    ['no coding, by its name', { 'Content-Encoding': 'identity' }, 200],
    ['a form', { 'Content-Type': 'application/x-www-form-urlencoded' }, 415],
    ['JSON alone in Accept', { Accept: 'application/json' }, 406],
    ['streams alone in Accept', { Accept: 'text/event-stream' }, 406],
    ['a refused type in Accept', { Accept: 'application/json, text/event-stream;q=0' }, 406],
    ['a charset', { 'Content-Type': 'application/json; charset=utf-8' }, 200],
    ['wildcards in Accept', { Accept: 'text/*;q=0.5, application/*' }, 200],
    ['no Accept', { Accept: undefined }, 200],
  ])('%s', async (_what, headers, status) => {
    const answer = await sendRaw(
      test.gateway.port,
      rawPost('/mcp', JSON.stringify(list), { Authorization: `Bearer ${token}`, ...listHeaders, ...headers }),
    );
    expect(answer.status).toBe(status);
  });
});
