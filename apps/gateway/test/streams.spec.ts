import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callMcp } from '../../../test/support/call-mcp.ts';
import { startTestGateway, waitUntil } from './support/test-gateway.ts';
import type { TestGateway } from './support/test-gateway.ts';

let test: TestGateway;
let token: string;
const callTool = (tool: string, text = '', options: Parameters<typeof callMcp>[4] = {}) =>
  callMcp(`${test.url}/mcp`, token, 'tools/call', { name: `${test.server}__${tool}`, arguments: { text } }, options);

const maxPayload = 8 * 1024 * 1024;
const textOf = (body: object) => (body as { result?: { content: { text: string }[] } }).result?.content[0]?.text;

beforeAll(async () => {
  test = await startTestGateway();
  token = await test.token();
});
afterAll(() => test.stop());

describe('a call that reports progress', () => {
  it('is answered as a stream that ends with the result', async () => {
    const { status, headers, events } = await callTool('report', '', { id: 'r' });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/event-stream');
    expect(headers.get('x-accel-buffering')).toBe('no');
    expect(events).toMatchObject([
      { method: 'notifications/progress', params: { progress: 1 } },
      { method: 'notifications/progress', params: { progress: 2 } },
      { method: 'notifications/progress', params: { progress: 3 } },
      { id: 'r', result: { content: [{ text: 'reported' }] } },
    ]);
  });
});

describe('a call that takes long', () => {
  it('stays JSON for a while, and becomes a stream after 5 s of silence', async () => {
    const short = await callTool('wait', '1000');
    expect(short.headers.get('content-type')).toBe('application/json');
    const long = await callTool('wait', '6000');
    expect(long.headers.get('content-type')).toBe('text/event-stream');
    expect(long.events).toMatchObject([{ id: 1, result: { content: [{ text: 'waited' }] } }]);
  }, 15_000);

  it.each([
    ['before it is a stream', 100],
    ['when it is a stream', 5_300],
  ])(
    'is cancelled at the worker within 500 ms when the client leaves %s',
    async (_when, leaveAfterMs) => {
      const leaving = new AbortController();
      const before = test.worker.cancelled.length;
      const call = callTool('wait', '60000', { signal: leaving.signal }).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, leaveAfterMs));
      leaving.abort();
      const leftAt = Date.now();
      await call;
      await waitUntil(() => test.worker.cancelled.length > before);
      expect(Date.now() - leftAt).toBeLessThan(500);
    },
    15_000,
  );
});

describe('a result', () => {
  it.each([100, 65_536, 1_000_000, 4_000_000, maxPayload - 1, maxPayload, maxPayload + 1, 30_000_000])(
    'of %i bytes arrives whole',
    async (size) => {
      const { body } = await callTool('large', String(size));
      expect(textOf(body) === 'x'.repeat(size)).toBe(true);
    },
  );

  it('of 20 MB arrives whole as the last event of a stream', async () => {
    const { headers, events } = await callTool('report-large', '20000000');
    expect(headers.get('content-type')).toBe('text/event-stream');
    expect(events.map(({ method }) => method)).toEqual(['notifications/progress', undefined]);
    expect(textOf(events[1] ?? {}) === 'x'.repeat(20_000_000)).toBe(true);
  });

  it('of more than 64 MiB is -31008, executed', async () => {
    expect(await callTool('large', String(64 * 1024 * 1024))).toMatchObject({
      status: 200,
      body: { error: { code: -31008, data: { executed: 'yes', retryable: false } } },
    });
  });
});

describe('pipelined requests', () => {
  it('are answered in their order', async () => {
    const body = (id: number) => JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' });
    const post = (id: number) =>
      `POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body(id).length}\r\n\r\n${body(id)}`;
    const socket = connect(test.gateway.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.write([1, 2, 3, 4, 5].map(post).join(''));
    await waitUntil(() => text.includes('"id":5'));
    expect([...text.matchAll(/"id":(\d)/g)].map(([, id]) => id)).toEqual(['1', '2', '3', '4', '5']);
    socket.destroy();
  });
});
