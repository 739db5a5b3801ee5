import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NatsConnection, ResourceUpdates } from '../src/index.ts';
import { maxUriLength, publishResourceUpdates, watchResourceUpdates } from '../src/index.ts';
import { connectTo, logger, newTenant, sharedNatsUrl, until } from './bus.ts';

let worker: NatsConnection;
let gateways: NatsConnection[];
beforeAll(async () => {
  worker = await connectTo(sharedNatsUrl());
  gateways = [await connectTo(sharedNatsUrl()), await connectTo(sharedNatsUrl())];
});
afterAll(() => Promise.all([worker, ...gateways].map((connection) => connection.close())));

/** What each gateway hears of one tenant, and of those whose names end like it. */
async function listen(tenant: string): Promise<ResourceUpdates[][]> {
  const heard = gateways.map((connection) => {
    const updates: ResourceUpdates[] = [];
    watchResourceUpdates(connection, logger, (update) => {
      if (update.tenant.endsWith(tenant)) updates.push(update);
    });
    return updates;
  });
  await Promise.all(gateways.map((connection) => connection.flush()));
  return heard;
}

describe('updates of resources', () => {
  it('reach every gateway with their tenant and server', async () => {
    const tenant = `Büro ${newTenant()}`;
    const heard = await listen(tenant);
    const updates: ResourceUpdates = { tenant, server: 'files', uris: ['files:///a', 'files:///b'] };
    publishResourceUpdates(worker, updates);
    publishResourceUpdates(worker, { tenant, server: 'files', uris: 'any' });
    await until(() => heard.every(({ length }) => length === 2));
    expect(heard).toEqual(gateways.map(() => [updates, { tenant, server: 'files', uris: 'any' }]));
  });

  it('arrive whole, however many and long they are', async () => {
    const tenant = newTenant();
    const heard = await listen(tenant);
    const uris = [
      ...Array.from({ length: 2_500 }, (_, n) => `files:///${n}`),
      ...Array.from({ length: 200 }, (_, n) => `files:///${n}${'\0'.repeat(maxUriLength - 13)}`),
    ];
    publishResourceUpdates(worker, { tenant, server: 'files', uris });
    await until(() => heard.every((updates) => updates.flatMap((update) => update.uris).length === uris.length));
    expect(heard[0]?.flatMap((update) => update.uris)).toEqual(uris);
  });

  it.each<[string, string, unknown]>([
    ['no JSON', 'files', undefined],
    ['no object', 'files', null],
    ['another tenant', 'files', { prefix: 'other-', server: 'files', uris: ['files:///a'] }],
    ['another server', 'files', { server: 'mail', uris: ['mail:a'] }],
    ['no URIs', 'files', { server: 'files' }],
    ['what is no list', 'files', { server: 'files', uris: 'files:///a' }],
    ['what is no URI', 'files', { server: 'files', uris: [1] }],
    ['too long a URI', 'files', { server: 'files', uris: ['x'.repeat(maxUriLength + 1)] }],
    ['too many URIs', 'files', { server: 'files', uris: Array.from({ length: 1_001 }, () => 'a:b') }],
  ])('with %s are dropped, and the next ones heard', async (_, server, content) => {
    const tenant = newTenant();
    const heard = await listen(tenant);
    const { prefix = '', ...rest } = (content ?? {}) as { prefix?: string };
    const whole = typeof content === 'object' && content !== null ? { tenant: prefix + tenant, ...rest } : content;
    worker.publish(`gh.changed.${tenant}.${server}`, content === undefined ? '{"ten' : JSON.stringify(whole));
    publishResourceUpdates(worker, { tenant, server: 'files', uris: ['files:///next'] });
    await until(() => heard.every(({ length }) => length > 0));
    expect(heard.flat().map(({ uris }) => uris)).toEqual([['files:///next'], ['files:///next']]);
  });
});
