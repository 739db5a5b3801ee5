import { publishResourceUpdates } from '@gatehouse/messaging';
import { Extension, MetaKey } from '@gatehouse/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fixtureDefinitions } from './support/fixture-server.ts';
import { listenTo, openListen } from './support/listen-stream.ts';
import type { ListenStream } from './support/listen-stream.ts';
import { modernMeta } from '../../../test/support/call-mcp.ts';
import { startReplica, startWorker } from './support/replica.ts';
import { startTestGateway, waitUntil } from './support/test-gateway.ts';
import type { TestGateway } from './support/test-gateway.ts';

const allLists = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
const updated = (uri: string) => `notifications/resources/updated ${uri}`;
/** Long enough for whatever is on its way, and within the second that a change may take. */
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 900));

let test: TestGateway;
let replica: Awaited<ReturnType<typeof startReplica>>;
let worker: Awaited<ReturnType<typeof startWorker>>;
let token: string;
let serverToken: string;
const streams: ListenStream[] = [];
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  test = await startTestGateway({ settings: { GATEWAY_MAX_STREAMS_PER_ACCOUNT: '8' } });
  replica = await startReplica(test);
  worker = await startWorker(test, fixtureDefinitions(test.server));
  token = await test.token();
  serverToken = await test.token({ aud: `http://localhost:3000/mcp/${test.server}` });
});
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});
afterAll(async () => {
  await worker.stop();
  await replica.stop();
  await test.stop();
});

async function listen(gatewayUrl: string, notifications: object, id?: string | number): Promise<ListenStream> {
  const stream = await listenTo(`${gatewayUrl}/mcp`, token, notifications, id);
  streams.push(stream);
  return stream;
}

async function listenToServer(gatewayUrl: string, notifications: object, id?: string | number): Promise<ListenStream> {
  const stream = await listenTo(`${gatewayUrl}/mcp/${test.server}`, serverToken, notifications, id);
  streams.push(stream);
  return stream;
}

/** Has a second worker of a second server announce, and take its leave after the test. */
async function announce(server: string, changes: Partial<ReturnType<typeof fixtureDefinitions>>) {
  const definitions = { ...fixtureDefinitions(server), ...changes };
  const started = await startWorker(test, definitions);
  cleanups.push(started.stop);
  return started;
}

function publish(uris: string[], server = test.server): void {
  publishResourceUpdates(worker.connection, { tenant: test.tenant, server, uris });
}

describe('a subscription', () => {
  it('is acknowledged first, with its id and what it gets of what it asked for', async () => {
    const own = `${test.server}://readme`;
    const asked = {
      toolsListChanged: true,
      promptsListChanged: false,
      weather: true,
      resourceSubscriptions: [own, own],
    };
    const stream = await listen(test.url, asked, 'listen:7');
    expect(stream.messages).toEqual([
      {
        jsonrpc: '2.0',
        method: 'notifications/subscriptions/acknowledged',
        params: {
          _meta: { [MetaKey.subscriptionId]: 'listen:7' },
          notifications: { toolsListChanged: true, resourceSubscriptions: [own] },
        },
      },
    ]);
  });

  it('leaves out resources that nobody here owns, and those that the token may not read', async () => {
    const uris = [`${test.server}://any`, 'nobody://x', `${test.server}://notes/{id}`];
    const stream = await listen(test.url, { resourceSubscriptions: uris });
    expect(stream.messages[0]?.params?.notifications).toEqual({ resourceSubscriptions: [uris[0]] });
    const poor = await listenTo(`${test.url}/mcp`, await test.token({ scope: 'mcp' }), { resourceSubscriptions: uris });
    streams.push(poor);
    expect(poor.messages[0]?.params?.notifications).toEqual({ resourceSubscriptions: [] });
  });

  it.each<[string, unknown, object]>([
    ['no filter', undefined, { code: -32602 }],
    ['a filter that is a list', [], { code: -32602 }],
    ['a kind that is no boolean', { toolsListChanged: 'yes' }, { code: -32602 }],
    ['resources that are no list', { resourceSubscriptions: 'a:b' }, { code: -32602 }],
    ['a resource that is no text', { resourceSubscriptions: [1] }, { code: -32602 }],
    [
      'too many resources',
      { resourceSubscriptions: Array.from({ length: 1_001 }, (_, n) => `a:${n}`) },
      { code: -32602 },
    ],
    ['too long a URI', { resourceSubscriptions: [`a:${'b'.repeat(8_192)}`] }, { code: -32602 }],
    [
      'too long URIs',
      { resourceSubscriptions: Array.from({ length: 20 }, (_, n) => `a:${n}${'b'.repeat(8_000)}`) },
      { code: -32602 },
    ],
  ])('with %s is refused in a typed way', async (_, filter, error) => {
    const opened = await openListen(`${test.url}/mcp`, token, filter);
    expect(opened).toMatchObject({ answer: { status: 200, body: { id: 1, error } } });
  });

  it('is one of as many as an account may have, however many are opened at once', async () => {
    const hasty = await test.token({ sub: 'hasty' });
    const meta = { ...modernMeta, [MetaKey.clientCapabilities]: { extensions: { [Extension.tasks]: {} } } };
    // Tasks are read from NATS before the answer, so that all of these wait together.
    const opened = await Promise.all(
      Array.from({ length: 20 }, (_, id) => openListen(`${test.url}/mcp`, hasty, { taskIds: ['unknown'] }, id, meta)),
    );
    const open = opened.flatMap((one) => ('stream' in one ? [one.stream] : []));
    streams.push(...open);
    expect(open).toHaveLength(8);
  });

  it('with an id that would weigh on every message is refused', async () => {
    const refused = await openListen(`${test.url}/mcp`, token, allLists, 'i'.repeat(1_025));
    expect(refused).toMatchObject({ answer: { status: 200, body: { error: { code: -32602 } } } });
    expect((await listen(test.url, allLists, 'i'.repeat(1_024))).messages).toHaveLength(1);
  });

  it('needs the scope that connects', async () => {
    const opened = await openListen(`${test.url}/mcp`, await test.token({ scope: `${test.server}:read` }), allLists);
    expect(opened).toMatchObject({ answer: { status: 403 } });
  });

  it('beyond what one account may have is -31004, and closing one makes room', async () => {
    const busy = await test.token({ sub: 'busy' });
    const open = async (account = busy) => {
      const opened = await openListen(`${test.url}/mcp`, account, allLists);
      if ('stream' in opened) streams.push(opened.stream);
      return opened;
    };
    for (let count = 0; count < 8; count++) expect(await open()).toHaveProperty('stream');
    expect(await open()).toMatchObject({
      answer: { status: 200, body: { error: { code: -31004, data: { executed: 'no', retryable: true } } } },
    });
    expect(await open(await test.token({ sub: 'somebody-else' }))).toHaveProperty('stream');
    streams[0]?.close();
    await waitUntil(async () => 'stream' in (await open()));
  });
});

describe('an update of a resource by any worker', () => {
  it('reaches those who asked for it, on every replica, within a second and with their own ids', async () => {
    const uris = [`${test.server}://readme`, `${test.server}://other`];
    const listeners = [
      await listen(test.url, { resourceSubscriptions: [uris[0]] }, 1),
      await listen(test.url, { resourceSubscriptions: [uris[0]] }, 'a'),
      await listen(replica.url, { resourceSubscriptions: [uris[0]] }, 1),
      await listenToServer(replica.url, { resourceSubscriptions: [uris[0]] }, 2),
      await listenToServer(test.url, { resourceSubscriptions: [uris[0]] }, 3),
    ];
    const others = [
      await listen(test.url, { resourceSubscriptions: [uris[1]] }, 1),
      await listen(replica.url, allLists, 1),
    ];
    const publishedAt = performance.now();
    publish([uris[0] ?? '']);
    await waitUntil(() => listeners.every(({ messages }) => messages.length > 1));
    expect(performance.now() - publishedAt).toBeLessThan(1_000);
    await aMoment();
    expect(listeners.map(({ messages }) => messages.slice(1))).toEqual(
      [1, 'a', 1, 2, 3].map((id) => [
        {
          jsonrpc: '2.0',
          method: 'notifications/resources/updated',
          params: { uri: uris[0], _meta: { [MetaKey.subscriptionId]: id } },
        },
      ]),
    );
    expect(others.flatMap((stream) => stream.heard())).toEqual([]);
  });

  it('that comes in bursts is told a few times a second', async () => {
    const uri = `${test.server}://busy`;
    const stream = await listen(test.url, { resourceSubscriptions: [uri] });
    const end = performance.now() + 600;
    while (performance.now() < end) {
      publish([uri]);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await aMoment();
    const heard = stream.heard();
    expect(heard.length).toBeGreaterThanOrEqual(2);
    expect(heard.length).toBeLessThanOrEqual(5);
  });

  it('that its server does not own is told to nobody', async () => {
    const stranger = `s-${test.server.slice(4)}`;
    const strange = await announce(stranger, {});
    const uri = `${test.server}://readme`;
    const scope = `mcp ${test.server}:read ${stranger}:read`;
    const stream = await listenTo(`${test.url}/mcp`, await test.token({ scope }), {
      resourceSubscriptions: [uri, `${stranger}://x`],
    });
    streams.push(stream);
    publishResourceUpdates(strange.connection, {
      tenant: test.tenant,
      server: stranger,
      uris: [uri, `${stranger}://x`],
    });
    publishResourceUpdates(strange.connection, { tenant: 'other', server: test.server, uris: [uri] });
    await aMoment();
    expect(stream.heard()).toEqual([updated(`${stranger}://x`)]);
  });

  it('that may have been lost is told for every resource of the server', async () => {
    const uris = [`${test.server}://a`, `${test.server}://b`];
    const stream = await listen(test.url, { resourceSubscriptions: uris, ...allLists });
    publishResourceUpdates(worker.connection, { tenant: test.tenant, server: test.server, uris: 'any' });
    await aMoment();
    expect(stream.heard()).toEqual(uris.map(updated));
  });
});

describe('a change of lists', () => {
  it('is told to those who asked for that list, on every replica, within a second', async () => {
    const added = `a-${test.server.slice(4)}`;
    const none = { tools: [], prompts: [], resources: [], resourceTemplates: [], uriPrefixes: [] };
    const everything = [await listen(test.url, allLists, 1), await listen(replica.url, allLists, 2)];
    const prompts = await listen(test.url, { promptsListChanged: true }, 3);
    const sameServer = await listenToServer(test.url, allLists, 4);
    const startedAt = performance.now();
    await announce(added, { ...none, tools: fixtureDefinitions(added).tools });
    await waitUntil(() => everything.every(({ messages }) => messages.length > 1));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await aMoment();
    expect(everything.map(({ messages }) => messages.slice(1))).toEqual(
      [1, 2].map((id) => [
        {
          jsonrpc: '2.0',
          method: 'notifications/tools/list_changed',
          params: { _meta: { [MetaKey.subscriptionId]: id } },
        },
      ]),
    );
    expect([...prompts.heard(), ...sameServer.heard()]).toEqual([]);
  });

  it('of one server is told at its own endpoint, and where nothing changed nothing is told', async () => {
    const definitions = fixtureDefinitions(test.server);
    const stream = await listenToServer(test.url, allLists);
    const aggregated = await listen(replica.url, allLists);
    const prompts = [...definitions.prompts, { name: 'not for /mcp' }];
    await announce(test.server, { prompts, version: '3.3.0' });
    await aMoment();
    expect(stream.heard()).toEqual(['notifications/prompts/list_changed']);
    // The name is not portable: `/mcp` lists the same as before.
    expect(aggregated.heard()).toEqual([]);
  });
});
