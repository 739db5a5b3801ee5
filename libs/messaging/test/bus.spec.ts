import { afterEach, describe, expect, it } from 'vitest';
import { definitionsDigest } from '../src/index.ts';
import { definitionsOf, echo, newTenant, openGateway, requestOf, startWorker, until } from './bus.ts';
import { startNats } from './nats.ts';

const definitions = definitionsOf('echo');
const digest = definitionsDigest(definitions);
const signal = new AbortController().signal;
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A NATS of its own with one gateway and one worker that answers `hang` never. */
async function stack() {
  const nats = await startNats();
  cleanups.push(nats.stop);
  const gateway = await openGateway(nats.url);
  cleanups.push(gateway.close);
  const tenant = newTenant();
  const worker = await startWorker(nats.url, tenant, definitions, {
    handler: (call) => (call.name === 'hang' ? new Promise(() => {}) : echo(call)),
  });
  cleanups.push(() => worker.connection.close());
  await until(() => gateway.registry.isReady(tenant, 'echo', digest));
  const instance = gateway.registry.pick(tenant, 'echo', digest);
  if (!instance) throw new Error('no instance');
  const call = (name = 'echo') =>
    gateway.calls.call(instance.address, requestOf(tenant, definitions, { name }), () => {}, signal);
  const isReady = () => gateway.bus.carries && gateway.registry.isReady(tenant, 'echo', digest);
  return { nats, gateway, call, isReady, worker };
}

const elapsed = async (work: Promise<unknown>) => {
  const startedAt = performance.now();
  await work;
  return performance.now() - startedAt;
};

describe('when NATS is killed', () => {
  it('calls in flight end within a second, new ones are refused at once, and all is well within 2 s of its return', async () => {
    const { nats, gateway, call, isReady, worker } = await stack();
    expect(await call()).toMatchObject({ kind: 'answered' });
    const hanging = call('hang');
    await until(() => worker.server.inFlight() === 1);
    expect(await elapsed(Promise.all([nats.kill(), hanging]))).toBeLessThan(1_000);
    expect(await hanging).toEqual({ kind: 'lost', reason: 'bus-gone' });
    expect(await elapsed(call())).toBeLessThan(100);
    expect(await call()).toEqual({ kind: 'bus-gone' });
    expect(gateway.bus.unreadyReason()).toBe('NATS carries no messages');
    await nats.start();
    await until(isReady, 2_000);
    expect(gateway.bus.unreadyReason()).toBeUndefined();
    expect(await call()).toMatchObject({ kind: 'answered' });
    expect(gateway.catalog.servers()).toHaveLength(1);
  });
});

describe('when NATS is silent', () => {
  it('that is noticed within 2 s, calls in flight end, new ones are refused at once, and all is well afterwards', async () => {
    const { nats, gateway, call, isReady, worker } = await stack();
    const hanging = call('hang');
    await until(() => worker.server.inFlight() === 1);
    nats.signal('SIGSTOP');
    cleanups.push(async () => {
      nats.signal('SIGCONT');
    });
    expect(await elapsed(hanging)).toBeLessThan(2_500);
    expect(await hanging).toEqual({ kind: 'lost', reason: 'bus-gone' });
    expect(gateway.bus.carries).toBe(false);
    expect(await elapsed(call())).toBeLessThan(100);
    expect(await call()).toEqual({ kind: 'bus-gone' });
    nats.signal('SIGCONT');
    await until(isReady, 3_000);
    expect(await call()).toMatchObject({ kind: 'answered' });
  });
});

describe('a gateway that starts', () => {
  it('counts as ready only when it has heard the instances that were there before it', async () => {
    const { nats } = await stack();
    const second = await openGateway(nats.url);
    cleanups.push(second.close);
    const [server] = second.catalog.servers();
    expect(second.registry.isReady(server?.tenant ?? '', 'echo', digest)).toBe(true);
  });

  it('is not confused by a worker that was there before NATS had a catalog', async () => {
    const nats = await startNats();
    cleanups.push(nats.stop);
    const tenant = newTenant();
    const starting = startWorker(nats.url, tenant, definitions);
    await new Promise((resolve) => setTimeout(resolve, 700));
    const gateway = await openGateway(nats.url);
    cleanups.push(gateway.close);
    const worker = await starting;
    cleanups.push(worker.stop);
    await until(() => gateway.registry.isReady(tenant, 'echo', digest), 2_000);
    expect(worker.server.unreadyReason()).toBeUndefined();
  });
});

describe('a worker', () => {
  it('tells its readiness when NATS is away and when it is back', async () => {
    const { nats, worker } = await stack();
    expect(worker.server.unreadyReason()).toBeUndefined();
    await nats.kill();
    await until(() => worker.server.unreadyReason() === 'not connected to NATS');
    await nats.start();
    await until(() => worker.server.unreadyReason() === undefined);
  });
});
