import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { publishResourceUpdates } from '@gatehouse/messaging';
import { MetaKey, modernVersion } from '@gatehouse/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { startCuttableProxy } from '../../../test/support/cuttable-proxy.ts';
import { fixtureDefinitions } from './support/fixture-server.ts';
import { listenTo } from './support/listen-stream.ts';
import { modernMeta } from '../../../test/support/call-mcp.ts';
import { startReplica, startWorker } from './support/replica.ts';
import { startTestGateway, waitUntil } from './support/test-gateway.ts';
import type { TestGateway } from './support/test-gateway.ts';

const allLists = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(settings: Record<string, string> = {}): Promise<TestGateway> {
  const test = await startTestGateway({ settings });
  cleanups.push(() => test.stop());
  return test;
}

const completion = (id: string | number) => ({
  jsonrpc: '2.0',
  id,
  result: { resultType: 'complete', _meta: { [MetaKey.subscriptionId]: id } },
});

describe('a subscription ends with its result', () => {
  it('when the gateway drains, however many there are', async () => {
    const test = await start({ GATEWAY_MAX_STREAMS_PER_ACCOUNT: '200' });
    const token = await test.token();
    const ids = Array.from({ length: 100 }, (_, number) => `listen:${number}`);
    const streams = await Promise.all(ids.map((id) => listenTo(`${test.url}/mcp`, token, allLists, id)));
    const stoppingAt = performance.now();
    await test.stopGateway();
    expect(performance.now() - stoppingAt).toBeLessThan(5_000);
    await Promise.all(streams.map(({ ended }) => ended));
    expect(streams.map(({ messages }) => messages.at(-1))).toEqual(ids.map(completion));
  });

  it('when it is as old as GATEWAY_STREAM_MAX_AGE allows', async () => {
    const test = await start({ GATEWAY_STREAM_MAX_AGE: '1' });
    const openedAt = performance.now();
    const stream = await listenTo(`${test.url}/mcp`, await test.token(), allLists);
    await stream.ended;
    expect(performance.now() - openedAt).toBeGreaterThan(990);
    expect(performance.now() - openedAt).toBeLessThan(2_000);
    expect(stream.messages.at(-1)).toEqual(completion(1));
  });
});

describe('while the bus is away', () => {
  it('streams stay open, and hear afterwards what they missed', async () => {
    const test = await start();
    const proxy = await startCuttableProxy(Number(new URL(test.environment.NATS_URL ?? '').port));
    cleanups.push(() => proxy.close());
    const environment = { ...test.environment, NATS_URL: `nats://127.0.0.1:${proxy.port}` };
    const cutOff = await startReplica({ ...test, environment });
    cleanups.push(() => cutOff.stop());
    const uris = [`${test.server}://a`, `${test.server}://b`];
    const token = await test.token();
    const stream = await listenTo(`${cutOff.url}/mcp`, token, { ...allLists, resourceSubscriptions: uris });
    const unchanged = await listenTo(`${cutOff.url}/mcp`, token, { resourcesListChanged: true });
    proxy.cut();
    const definitions = fixtureDefinitions(test.server);
    const prompts = [...definitions.prompts, { name: 'meanwhile' }];
    const worker = await startWorker(test, { ...definitions, prompts });
    cleanups.push(() => worker.stop());
    publishResourceUpdates(worker.connection, { tenant: test.tenant, server: test.server, uris });
    const later = await listenTo(`${cutOff.url}/mcp`, token, { resourceSubscriptions: uris.slice(0, 1) });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(stream.heard()).toEqual([]);
    proxy.restore();
    const missed = [
      'notifications/prompts/list_changed',
      ...uris.map((uri) => `notifications/resources/updated ${uri}`),
    ];
    await waitUntil(() => stream.heard().length >= missed.length && later.heard().length > 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(stream.heard().toSorted()).toEqual(missed);
    expect(later.heard()).toEqual([missed[1]]);
    expect(unchanged.heard()).toEqual([]);
    for (const open of [stream, later, unchanged]) open.close();
  }, 20_000);
});

describe('a reader that stalls', () => {
  it('costs 1 MiB at most, and hears of each change once when it reads on', async () => {
    const test = await start();
    const uris = Array.from({ length: 1_000 }, (_, number) => `${test.server}://${number}/${'x'.repeat(80)}`);
    const response = await openUnread(test, await test.token(), uris);
    const worker = await startWorker(test, fixtureDefinitions(test.server));
    cleanups.push(() => worker.stop());
    const rounds = 30;
    for (let round = 0; round < rounds; round++) {
      publishResourceUpdates(worker.connection, { tenant: test.tenant, server: test.server, uris });
      await new Promise((resolve) => setTimeout(resolve, 260));
    }
    const heardOf = new Map<string, number>();
    let text = '';
    response.on('data', (chunk: Buffer) => {
      const lines = (text + chunk.toString()).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        const uri = /"uri":"([^"]+)"/.exec(line)?.[1];
        if (uri !== undefined) heardOf.set(uri, (heardOf.get(uri) ?? 0) + 1);
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const before = new Map(heardOf);
    publishResourceUpdates(worker.connection, { tenant: test.tenant, server: test.server, uris });
    await waitUntil(() => uris.every((uri) => (heardOf.get(uri) ?? 0) > (before.get(uri) ?? 0)));
    // Some were let go, or the stall did not fill what may wait: then this test shows nothing.
    expect(uris.every((uri) => (before.get(uri) ?? 0) > 0)).toBe(true);
    expect([...before.values()].reduce((sum, count) => sum + count)).toBeLessThan(0.9 * rounds * uris.length);
    response.destroy();
  }, 40_000);
});

/** A subscription whose answer nobody reads. */
async function openUnread(test: TestGateway, token: string, uris: string[]): Promise<IncomingMessage> {
  const method = 'subscriptions/listen';
  const params = { notifications: { resourceSubscriptions: uris }, _meta: modernMeta };
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': modernVersion,
    'mcp-method': method,
    authorization: `Bearer ${token}`,
  };
  return new Promise((resolve, reject) => {
    request(`${test.url}/mcp`, { method: 'POST', headers }, resolve)
      .on('error', reject)
      .end(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
  });
}

describe('@modelcontextprotocol/client 2.4.0, unmodified,', () => {
  it('listens, hears of lists and resources, and takes the end of the gateway for a graceful one', async () => {
    const test = await start();
    const client = new Client(
      { name: 'official', version: '1' },
      { versionNegotiation: { mode: { pin: '2026-07-28' } } },
    );
    const heard: string[] = [];
    client.setNotificationHandler('notifications/prompts/list_changed', () => void heard.push('prompts'));
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => void heard.push(params.uri));
    const requestInit = { headers: { authorization: `Bearer ${await test.token()}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${test.url}/mcp`), { requestInit }));
    const uri = `${test.server}://readme`;
    const filter = { promptsListChanged: true, resourceSubscriptions: [uri, 'nobody://x'] };
    const subscription = await client.listen(filter);
    expect(subscription.honoredFilter).toEqual({ promptsListChanged: true, resourceSubscriptions: [uri] });
    const definitions = fixtureDefinitions(test.server);
    const worker = await startWorker(test, { ...definitions, prompts: [...definitions.prompts, { name: 'more' }] });
    cleanups.push(() => worker.stop());
    await waitUntil(() => heard.includes('prompts'));
    publishResourceUpdates(worker.connection, { tenant: test.tenant, server: test.server, uris: [uri] });
    await waitUntil(() => heard.includes(uri));
    expect(heard).toEqual(['prompts', uri]);
    const left = await client.listen({ toolsListChanged: true });
    await left.close();
    expect(await left.closed).toBe('local');
    await test.stopGateway();
    expect(await subscription.closed).toBe('graceful');
    await client.close();
  });
});
