import { jetstreamManager } from '@nats-io/jetstream';
import type { ServerDefinitions } from '@gatehouse/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AnnouncedServer, CatalogView, NatsConnection } from '../src/index.ts';
import { definitionsDigest, subjectToken, watchCatalog } from '../src/index.ts';
import { connectTo, definitionsOf, logger, newTenant, sharedNatsUrl, startWorker, until } from './bus.ts';
import { startNats } from './nats.ts';

let connection: NatsConnection;
/** Stores what is announced, as a gateway does. */
let keeper: CatalogView;
const views: CatalogView[] = [];
beforeAll(async () => {
  connection = await connectTo(sharedNatsUrl());
  keeper = await watchCatalog(connection, logger);
});
afterEach(() => {
  for (const view of views.splice(0)) view.close();
});
afterAll(() => {
  keeper.close();
  return connection.close();
});

async function watch(from: NatsConnection = connection): Promise<CatalogView> {
  const view = await watchCatalog(from, logger);
  views.push(view);
  return view;
}

const serversOf = (view: CatalogView, tenant: string) => view.servers().filter((server) => server.tenant === tenant);

/** Announces by a worker that ends at once: definitions are durable. */
async function announce(tenant: string, definitions: ServerDefinitions, url = sharedNatsUrl()): Promise<void> {
  const worker = await startWorker(url, tenant, definitions);
  await worker.stop();
}

const digests = (server: AnnouncedServer | undefined) => server?.versions.map(({ digest }) => digest);

describe('the catalog', () => {
  it('shows announcements within a second, and to a watcher that comes later', async () => {
    const tenant = newTenant();
    const early = await watch();
    const definitions = definitionsOf('files', { uriPrefixes: ['files:///'] });
    await announce(tenant, definitions);
    await until(() => serversOf(early, tenant).length === 1, 1_000);
    for (const view of [early, await watch()]) {
      expect(serversOf(view, tenant)).toMatchObject([
        { tenant, name: 'files', versions: [{ digest: definitionsDigest(definitions), definitions }] },
      ]);
    }
  });

  it('orders versions by first announcement: an old instance that starts again does not become the newest', async () => {
    const tenant = newTenant();
    const [first, second] = [definitionsOf('files'), definitionsOf('files', { version: '2.0.0' })];
    await announce(tenant, first);
    await announce(tenant, second);
    await announce(tenant, first);
    expect(serversOf(await watch(), tenant).map(digests)).toEqual([[second, first].map(definitionsDigest)]);
  });

  it('is written to only once for the same definitions, and again before they expire, at the same place', async () => {
    const tenant = newTenant();
    const [first, second] = [definitionsOf('files'), definitionsOf('files', { version: '2.0.0' })];
    const jetstream = await jetstreamManager(connection);
    const key = `$KV.gh_catalog.${tenant}.files.${definitionsDigest(first)}`;
    const revision = async () => (await jetstream.streams.getMessage('KV_gh_catalog', { last_by_subj: key }))?.seq ?? 0;
    await announce(tenant, first);
    await announce(tenant, second);
    const written = await revision();
    await announce(tenant, first);
    expect(await revision()).toBe(written);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 9 * 60 * 60 * 1000 });
    await announce(tenant, first);
    vi.useRealTimers();
    expect(await revision()).toBeGreaterThan(written);
    expect(serversOf(await watch(), tenant).map(digests)).toEqual([[second, first].map(definitionsDigest)]);
  });

  it('orders servers by name and dates their claims by first announcement', async () => {
    const tenant = newTenant();
    await announce(tenant, definitionsOf('zebra'));
    await announce(tenant, definitionsOf('ant'));
    await announce(tenant, definitionsOf('zebra', { version: '2.0.0' }));
    const [ant, zebra] = serversOf(await watch(), tenant);
    expect([ant?.name, zebra?.name]).toEqual(['ant', 'zebra']);
    expect(zebra?.claimedAt).toBeLessThan(ant?.claimedAt ?? 0);
  });

  it('keeps tenants apart whatever their names', async () => {
    const tenants = [`${newTenant()}.*`, `${newTenant()} >`, newTenant()];
    for (const tenant of tenants) await announce(tenant, definitionsOf('files', { description: tenant }));
    const view = await watch();
    for (const tenant of tenants) {
      expect(serversOf(view, tenant).map(({ versions }) => versions[0]?.definitions.description)).toEqual([tenant]);
    }
  });

  it('stores the definitions of ten instances that start together once', async () => {
    const tenant = newTenant();
    const definitions = definitionsOf('files');
    const workers = await Promise.all(
      Array.from({ length: 10 }, () => startWorker(sharedNatsUrl(), tenant, definitions)),
    );
    expect(serversOf(await watch(), tenant).map(digests)).toEqual([[definitionsDigest(definitions)]]);
    await Promise.all(workers.map((worker) => worker.stop()));
  });

  it('forgets an entry that is deleted', async () => {
    const tenant = newTenant();
    const definitions = definitionsOf('files');
    await announce(tenant, definitions);
    const view = await watch();
    expect(serversOf(view, tenant)).toHaveLength(1);
    const jetstream = await jetstreamManager(connection);
    const key = `$KV.gh_catalog.${subjectToken(tenant)}.files.${definitionsDigest(definitions)}`;
    await jetstream.jetstream().publish(key);
    await until(() => serversOf(view, tenant).length === 0, 1_000);
  });
});

/** Schemas that would exhaust whoever compiled them. */
const hostileSchemas: [string, Record<string, unknown>][] = [
  ['with a schema of more than 64 KiB', { description: 'x'.repeat(65_536) }],
  ['with a schema of 1,001 subschemas', { anyOf: Array.from({ length: 1_000 }, () => ({ $ref: '#' })) }],
  ['with a schema of 33 levels', Array.from({ length: 32 }).reduce<Record<string, unknown>>((not) => ({ not }), {})],
  ['with a schema that is to be fetched', { properties: { a: { $ref: 'http://169.254.169.254/latest/meta-data' } } }],
];

describe('an announcement', () => {
  const definitions = definitionsOf('files');
  const digest = definitionsDigest(definitions);

  it.each<[string, string, (tenant: string) => unknown]>([
    ['whose key names another server', `mail.${digest}`, (tenant) => ({ tenant, definitions })],
    ['whose content names another tenant', `files.${digest}`, () => ({ tenant: 'other', definitions })],
    ['whose key has another digest', `files.${'0'.repeat(40)}`, (tenant) => ({ tenant, definitions })],
    ['without a tenant', `files.${digest}`, () => ({ definitions })],
    ['that is no JSON', `files.${digest}`, () => '{'],
    ['that is null', `files.${digest}`, () => 'null'],
    ['without definitions', `files.${digest}`, (tenant) => ({ tenant })],
    [
      'with definitions that break the rules',
      `files.${digest}`,
      (tenant) => ({ tenant, definitions: { server: 'files' } }),
    ],
    ['whose key is no digest', 'files.newest', (tenant) => ({ tenant, definitions })],
    ...hostileSchemas.map(([what, inputSchema]): [string, string, (tenant: string) => unknown] => {
      const hostile = definitionsOf('files', { tools: [{ name: 'a', inputSchema }] });
      return [what, `files.${definitionsDigest(hostile)}`, (tenant) => ({ tenant, definitions: hostile })];
    }),
  ])('is dropped %s, and the others are not touched', async (_, tail, content) => {
    const tenant = newTenant();
    const good = definitionsOf('good');
    const view = await watch();
    const jetstream = (await jetstreamManager(connection)).jetstream();
    const value = content(tenant);
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    // Both ways: refused by the keeper, and dropped by every reader if it is in the store all the same.
    const refusal = new Promise((resolve) => {
      connection.subscribe(`gh.announced.${tenant}.${tail}`, {
        max: 1,
        callback: (_error, message) => resolve(message.json()),
      });
    });
    connection.publish(`gh.announce.${tenant}.${tail}`, text);
    expect(await refusal).toMatchObject({ refused: expect.any(String) as string });
    await jetstream.publish(`$KV.gh_catalog.${tenant}.${tail}`, text);
    await announce(tenant, good);
    await until(() => serversOf(view, tenant).length > 0, 1_000);
    for (const each of [view, await watch()]) expect(serversOf(each, tenant).map(({ name }) => name)).toEqual(['good']);
  });

  it('cannot claim a place in the order that it does not have', async () => {
    const tenant = newTenant();
    await announce(tenant, definitions);
    const later = definitionsOf('files', { version: '2.0.0' });
    const jetstream = (await jetstreamManager(connection)).jetstream();
    await jetstream.publish(
      `$KV.gh_catalog.${tenant}.files.${definitionsDigest(later)}`,
      JSON.stringify({ tenant, definitions: later, firstRevision: Number.MAX_SAFE_INTEGER }),
    );
    const newest = definitionsOf('files', { version: '3.0.0' });
    await announce(tenant, newest);
    expect(serversOf(await watch(), tenant).map(digests)).toEqual([
      [newest, later, definitions].map(definitionsDigest),
    ]);
  });
});

describe('a server that is announced again and again', () => {
  it('keeps its sixteen newest sets of definitions', async () => {
    const tenant = newTenant();
    const view = await watch();
    const all = Array.from({ length: 18 }, (_, n) => definitionsOf('files', { version: `1.0.${n}` }));
    for (const definitions of all) {
      await announce(tenant, definitions);
      await until(() => digests(serversOf(view, tenant)[0])?.[0] === definitionsDigest(definitions));
    }
    await until(() => digests(serversOf(view, tenant)[0])?.length === 16, 1_000);
    expect(digests(serversOf(await watch(), tenant)[0])).toEqual(all.slice(2).reverse().map(definitionsDigest));
  });

  it('keeps the place of its claim when its first definitions are forgotten', async () => {
    const tenant = newTenant();
    const view = await watch();
    const [first, second] = [definitionsOf('files'), definitionsOf('files', { version: '2.0.0' })];
    await announce(tenant, first);
    await until(() => serversOf(view, tenant).length === 1);
    const claimedAt = serversOf(view, tenant)[0]?.claimedAt;
    await announce(tenant, second);
    const jetstream = (await jetstreamManager(connection)).jetstream();
    await jetstream.publish(`$KV.gh_catalog.${tenant}.files.${definitionsDigest(first)}`);
    await until(() => digests(serversOf(view, tenant)[0])?.length === 1);
    expect(serversOf(view, tenant)).toMatchObject([{ claimedAt, versions: [{ digest: definitionsDigest(second) }] }]);
  });
});

describe('a NATS of its own', () => {
  it('holds 4 MiB of one server, its newest sets, however fast it announces', async () => {
    const nats = await startNats();
    const own = await connectTo(nats.url);
    const view = await watch(own);
    const inputSchema = { type: 'object', description: 'x'.repeat(60_000) };
    const tools = Array.from({ length: 15 }, (_, n) => ({ name: `tool${n}`, inputSchema }));
    const all = Array.from({ length: 12 }, (_, n) => definitionsOf('files', { version: `1.0.${n}`, tools }));
    const answers: unknown[] = [];
    own.subscribe('gh.announced.acme.files.*', { callback: (_error, message) => void answers.push(message.json()) });
    for (const definitions of all)
      own.publish(
        `gh.announce.acme.files.${definitionsDigest(definitions)}`,
        JSON.stringify({ tenant: 'acme', definitions }),
      );
    await until(() => answers.length === 12, 20_000);
    expect(answers).toEqual(all.map(() => ({ stored: true })));
    expect(digests(serversOf(view, 'acme')[0])).toEqual(all.slice(-4).reverse().map(definitionsDigest));
    const { state } = await (await jetstreamManager(own)).streams.info('KV_gh_catalog');
    expect(state.bytes).toBeLessThan(4 * 1024 * 1024);
    // Others have their place.
    await announce('acme', definitionsOf('mail'), nats.url);
    await until(() => serversOf(view, 'acme').length === 2);
    await own.close();
    await nats.stop();
  });

  it('gets its catalog back from the workers when it returns without its store', async () => {
    const nats = await startNats();
    const own = await connectTo(nats.url);
    const view = await watch(own);
    const tenant = newTenant();
    const worker = await startWorker(nats.url, tenant, definitionsOf('files'));
    await announce(tenant, definitionsOf('gone'), nats.url);
    await until(() => serversOf(view, tenant).length === 2);
    await nats.restart({ withoutStore: true });
    await until(
      () =>
        serversOf(view, tenant)
          .map(({ name }) => name)
          .join() === 'files',
      8_000,
    );
    expect(serversOf(view, tenant).map(digests)).toEqual([[definitionsDigest(definitionsOf('files'))]]);
    await worker.stop();
    await own.close();
    await nats.stop();
  });

  it('forgets definitions that nobody refreshes, and lets no worker touch what others wrote', async () => {
    const nats = await startNats();
    const own = await connectTo(nats.url);
    const view = await watch(own);
    const jetstream = await jetstreamManager(own);
    const { config } = await jetstream.streams.info('KV_gh_catalog');
    expect(config).toMatchObject({ discard: 'new', max_age: 86_400 * 1e9, max_msgs_per_subject: 1 });
    expect(config).toMatchObject({ allow_rollup_hdrs: false, allow_direct: false, max_bytes: 64 * 1024 * 1024 });
    await jetstream.streams.update('KV_gh_catalog', { max_age: 1e9, duplicate_window: 1e9 });
    await announce('acme', definitionsOf('files'), nats.url);
    await until(() => serversOf(view, 'acme').length === 1);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await view.reread();
    expect(serversOf(view, 'acme')).toEqual([]);
    await own.close();
    await nats.stop();
  });
});
