import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { modernVersion } from '@gatehouse/protocol';
import { makeTemporaryFolder, startEmbeddedNats } from '@gatehouse/start';
import type { EmbeddedNats } from '@gatehouse/start';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { callMcp, modernMeta } from '../../../test/support/call-mcp.ts';
import type { Answer } from '../../../test/support/call-mcp.ts';
import { rawPost } from './support/raw-http.ts';
import { startTestGateway, waitUntil } from './support/test-gateway.ts';
import type { TestGateway } from './support/test-gateway.ts';

const megabyte = 1024 * 1024;
const folder = makeTemporaryFolder('gatehouse-one-client-');
const sockets: Socket[] = [];
let nats: EmbeddedNats;
let test: TestGateway;

beforeAll(async () => {
  const dataDir = path.join(folder.path, 'nats');
  mkdirSync(dataDir);
  nats = await startEmbeddedNats({ dataDir, durable: false });
  test = await startTestGateway({ natsUrl: nats.url, settings: { GATEWAY_MAX_CALLS_PER_PRINCIPAL: '20' } });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(async () => {
  await test.stop();
  await nats.stop();
  folder.remove();
});

/** A connection that sends these calls at once and, unless told otherwise, reads nothing of their answers. */
function open(requests: Buffer[]): Socket {
  const socket = connect(test.gateway.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  for (const request of requests) socket.write(request);
  sockets.push(socket);
  return socket;
}

function post(token: string, tool: string, text: string, id: number | string = 1): Buffer {
  const name = `${test.server}__${tool}`;
  const params = { name, arguments: { text }, _meta: modernMeta };
  const headers = { 'Mcp-Protocol-Version': modernVersion, 'Mcp-Method': 'tools/call', 'Mcp-Name': name };
  const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params });
  return rawPost('/mcp', body, { ...headers, Authorization: `Bearer ${token}` });
}

const callTool = (token: string, tool: string, text: string): Promise<Answer> =>
  callMcp(`${test.url}/mcp`, token, 'tools/call', { name: `${test.server}__${tool}`, arguments: { text } });

/** Another client's calls, one after the other, while something goes on; what each of them came to. */
async function bystander(whileMs: number) {
  const token = await test.token({ sub: 'bystander' });
  const calls: { ms: number; failed: boolean }[] = [];
  const end = Date.now() + whileMs;
  while (Date.now() < end) {
    const startedAt = performance.now();
    const { body } = await callTool(token, 'echo', 'still there?');
    calls.push({ ms: performance.now() - startedAt, failed: body.result === undefined });
    await delay(20);
  }
  return calls;
}

describe('calls of one account', () => {
  it('beyond the limit are -31005, not executed, and taken again when earlier ones have ended', async () => {
    const token = await test.token({ sub: 'busy' });
    const running = Array.from({ length: 20 }, () => callTool(token, 'wait', '1500'));
    await waitUntil(() => test.worker.running.get('busy')?.now === 20);
    expect(await callTool(token, 'echo', '')).toMatchObject({
      status: 200,
      headers: expect.anything() as unknown,
      body: { error: { code: -31005, data: { executed: 'no', retryable: true, retryAfterMs: 1_000 } } },
    });
    expect(test.worker.running.get('busy')?.most).toBe(20);
    const another = await test.token({ sub: 'other' });
    expect(await callTool(another, 'echo', '')).toMatchObject({ body: { result: {} } });
    const answers = await Promise.all(running);
    expect(answers.every(({ body }) => body.result !== undefined)).toBe(true);
    expect(await callTool(token, 'echo', '')).toMatchObject({ body: { result: {} } });
  });

  it('count until the client has read the answer, and no longer', async () => {
    const token = await test.token({ sub: 'slow reader' });
    const readers = Array.from({ length: 20 }, (_, id) => open([post(token, 'large', String(8 * megabyte), id)]));
    await waitUntil(async () => (await callTool(token, 'echo', '')).body.error?.code === -31005);
    for (const reader of readers) reader.destroy();
    const answered = async () => (await callTool(token, 'echo', '')).body.result !== undefined;
    await expect.poll(answered, { timeout: 5_000 }).toBe(true);
  });
});

describe('pipelined requests', () => {
  it('run one after the other, and none is lost', async () => {
    const token = await test.token({ sub: 'pipelining' });
    const socket = open(Array.from({ length: 300 }, (_, id) => post(token, 'wait', '2', id)));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.resume();
    await waitUntil(() => text.includes('"id":299'));
    const ids = [...text.matchAll(/"id":(\d+)/g)].map(([, id]) => Number(id));
    expect(ids).toEqual(Array.from({ length: 300 }, (_, id) => id));
    expect(test.worker.running.get('pipelining')?.most).toBe(1);
  });
});

describe('a client that asks for 1,200 results of 1 MiB at once and reads none of them', () => {
  it.each<[string, (token: string) => void]>([
    [
      'on one connection',
      (token) => open(Array.from({ length: 1_200 }, (_, id) => post(token, 'large', String(megabyte), id))),
    ],
    [
      'on 1,200 connections',
      (token) => {
        for (let id = 0; id < 1_200; id++) open([post(token, 'large', String(megabyte), id)]);
      },
    ],
  ])('takes nothing from others: %s', async (_, attack) => {
    const heapBefore = process.memoryUsage().arrayBuffers;
    attack(await test.token({ sub: 'greedy' }));
    const calls = await bystander(4_000);
    expect(calls.filter(({ failed }) => failed)).toEqual([]);
    expect(calls.length).toBeGreaterThan(5);
    expect(process.memoryUsage().arrayBuffers - heapBefore).toBeLessThan(128 * megabyte);
  });
});
