import { StartError } from '@gatehouse/runtime';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CallHandler } from '../src/index.ts';
import { definitionsDigest } from '../src/index.ts';
import { definitionsOf, newTenant, openGateway, requestOf, sharedNatsUrl, startWorker, until } from './bus.ts';

const first = definitionsOf('echo');
const second = definitionsOf('echo', { version: '2.0.0' });
const saying =
  (text: string): CallHandler =>
  () =>
    Promise.resolve({ kind: 'result', resultType: 'complete', body: Buffer.from(text) });

let gateway: Awaited<ReturnType<typeof openGateway>>;
let worker: Awaited<ReturnType<typeof startWorker>>;
beforeAll(async () => {
  gateway = await openGateway(sharedNatsUrl());
});
afterEach(() => worker.stop());
afterAll(() => gateway.close());

const isReady = (tenant: string, definitions: typeof first) =>
  gateway.registry.isReady(tenant, 'echo', definitionsDigest(definitions));

/** What a call that was resolved against these definitions is answered. */
async function call(tenant: string, definitions: typeof first): Promise<string> {
  const request = requestOf(tenant, definitions);
  const instance = gateway.registry.pick(tenant, 'echo', request.digest);
  if (!instance) return 'nobody';
  const outcome = await gateway.calls.call(instance.address, request, () => {}, new AbortController().signal);
  return outcome.kind === 'answered' && 'body' in outcome.frame
    ? Buffer.from(outcome.frame.body).toString()
    : outcome.kind;
}

describe('a worker that offers other definitions while it runs', () => {
  it('answers new calls by the new ones, and by the old ones those that are on their way or in flight', async () => {
    const tenant = newTenant();
    const release = Promise.withResolvers<void>();
    let called = false;
    const handler: CallHandler = async (incoming) => {
      if (!called) {
        called = true;
        await release.promise;
      }
      return saying('old')(incoming);
    };
    worker = await startWorker(sharedNatsUrl(), tenant, first, { handler });
    await until(() => isReady(tenant, first));
    const inFlight = call(tenant, first);
    await until(() => called);
    await worker.server.replace({ definitions: second, handler: saying('new') });
    await until(() => isReady(tenant, second));
    expect(isReady(tenant, first)).toBe(false);
    expect(await call(tenant, second)).toBe('new');
    expect(await call(tenant, first)).toBe('old');
    release.resolve();
    expect(await inFlight).toBe('old');
    const versions = gateway.catalog.servers().find((server) => server.tenant === tenant)?.versions;
    expect(versions?.[0]?.digest).toBe(definitionsDigest(second));
  });

  it('may come back to what it offered before', async () => {
    const tenant = newTenant();
    worker = await startWorker(sharedNatsUrl(), tenant, first, { handler: saying('first') });
    await worker.server.replace({ definitions: second, handler: saying('second') });
    await worker.server.replace({ definitions: first, handler: saying('again') });
    await until(() => isReady(tenant, first) && !isReady(tenant, second));
    expect(await call(tenant, first)).toBe('again');
    expect(await call(tenant, second)).toBe('second');
  });

  it('forgets those before the last', async () => {
    const tenant = newTenant();
    worker = await startWorker(sharedNatsUrl(), tenant, first, { handler: saying('first') });
    const third = definitionsOf('echo', { version: '3.0.0' });
    await worker.server.replace({ definitions: second, handler: saying('second') });
    await worker.server.replace({ definitions: third, handler: saying('third') });
    await until(() => isReady(tenant, third));
    expect(await call(tenant, first)).toBe('nobody');
    expect(await call(tenant, second)).toBe('second');
  });

  it('never leaves the catalog without the set in use, however many there were', async () => {
    const tenant = newTenant();
    const set = (number: number) => definitionsOf('echo', { version: `${number}.0.0` });
    worker = await startWorker(sharedNatsUrl(), tenant, set(0));
    const offer = (number: number) => worker.server.replace({ definitions: set(number), handler: saying('') });
    for (let number = 1; number < 16; number++) await offer(number);
    const stored = () => {
      const server = gateway.catalog.servers().find((announced) => announced.tenant === tenant);
      return new Set(server?.versions.map(({ digest }) => digest));
    };
    // The oldest of all, which would be the first to go.
    await offer(0);
    await until(() => isReady(tenant, set(0)) && stored().size === 16);
    const gaps: string[] = [];
    gateway.catalog.onChange(() => {
      const digests = stored();
      if (!digests.has(definitionsDigest(set(0))) && !digests.has(definitionsDigest(set(16)))) gaps.push('a gap');
    });
    await offer(16);
    await until(() => isReady(tenant, set(16)) && stored().has(definitionsDigest(set(16))));
    expect(gaps).toEqual([]);
    expect(stored().size).toBeLessThanOrEqual(17);
  });

  it('keeps the old ones when the new ones break the rules', async () => {
    const tenant = newTenant();
    worker = await startWorker(sharedNatsUrl(), tenant, first, { handler: saying('first') });
    const tools = [...first.tools, ...first.tools];
    const replacing = worker.server.replace({ definitions: { ...first, tools }, handler: saying('new') });
    await expect(replacing).rejects.toBeInstanceOf(StartError);
    await until(() => isReady(tenant, first));
    expect(await call(tenant, first)).toBe('first');
  });
});
