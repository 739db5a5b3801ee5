import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChildWorker } from '../../../test/support/start-child-worker.ts';
import { definitionsDigest } from '../src/index.ts';
import {
  connectTo,
  definitionsOf,
  echo,
  newTenant,
  openGateway,
  requestOf,
  sharedNatsUrl,
  startWorker,
  until,
} from './bus.ts';

const definitions = definitionsOf('echo');
const digest = definitionsDigest(definitions);
const childWorker = path.join(import.meta.dirname, 'child-worker.ts');
const signal = new AbortController().signal;

let gateway: Awaited<ReturnType<typeof openGateway>>;
beforeAll(async () => {
  gateway = await openGateway(sharedNatsUrl());
});
afterAll(() => gateway.close());

/** A worker in a process of its own, and calls to it. */
async function child() {
  const tenant = newTenant();
  const worker = await startChildWorker(childWorker, { url: sharedNatsUrl(), tenant, instance: 'child' });
  await until(() => gateway.registry.isReady(tenant, 'echo', digest));
  const instance = gateway.registry.pick(tenant, 'echo', digest);
  if (!instance) throw new Error('no instance');
  const call = (name: string, timeoutMs = 5_000) =>
    gateway.calls.call(instance.address, requestOf(tenant, definitions, { name, timeoutMs }), () => {}, signal);
  return { tenant, call, kill: worker.kill };
}

describe('an instance', () => {
  it('that is killed ends its calls as lost within 2 s and gets no new ones', async () => {
    const { tenant, call, kill } = await child();
    const hanging = call('hang');
    expect(await call('echo')).toMatchObject({ kind: 'answered' });
    const killedAt = performance.now();
    await kill('SIGKILL');
    expect(await hanging).toEqual({ kind: 'lost', reason: 'instance-died' });
    expect(performance.now() - killedAt).toBeLessThan(2_000);
    expect(gateway.registry.pick(tenant, 'echo', digest)).toBeUndefined();
  });

  it('that is stopped gets no new calls after 2 s, its calls keep their deadlines, and it comes back', async () => {
    const { tenant, call, kill } = await child();
    const stoppedAt = performance.now();
    const hanging = call('hang', 3_000);
    await kill('SIGSTOP');
    await until(() => gateway.registry.pick(tenant, 'echo', digest) === undefined, 2_000);
    expect(await hanging).toEqual({ kind: 'expired' });
    expect(performance.now() - stoppedAt).toBeGreaterThan(2_900);
    expect(performance.now() - stoppedAt).toBeLessThan(4_000);
    await kill('SIGCONT');
    await until(() => gateway.registry.pick(tenant, 'echo', digest) !== undefined, 2_000);
    expect(await call('echo')).toMatchObject({ kind: 'answered' });
    await kill('SIGKILL');
  });

  it('that drains finishes what it has, refuses late calls as not executed and leaves at once', async () => {
    const tenant = newTenant();
    const gate = Promise.withResolvers<void>();
    const worker = await startWorker(sharedNatsUrl(), tenant, definitions, {
      handler: async (incoming) => {
        await gate.promise;
        return echo(incoming);
      },
    });
    await until(() => gateway.registry.isReady(tenant, 'echo', digest));
    const instance = gateway.registry.pick(tenant, 'echo', digest);
    if (!instance) throw new Error('no instance');
    const call = () => gateway.calls.call(instance.address, requestOf(tenant, definitions), () => {}, signal);
    const accepted = call();
    await until(() => worker.server.inFlight() === 1);
    const drained = worker.server.drain();
    expect(await call()).toEqual({ kind: 'refused', reason: 'draining' });
    await until(() => gateway.registry.pick(tenant, 'echo', digest) === undefined, 500);
    expect(worker.server.unreadyReason()).toBe('draining');
    gate.resolve();
    expect(await accepted).toMatchObject({ kind: 'answered' });
    await drained;
    expect(await call()).toEqual({ kind: 'unreachable' });
    await worker.connection.close();
  });
});

describe('the registry', () => {
  it('is not misled by beats that are malformed or speak for another server than their subject', async () => {
    const tenant = newTenant();
    const beat = { tenant, server: 'echo', digest, state: 'ready', load: 0 };
    const connection = await connectTo(sharedNatsUrl());
    const send = (tail: string, content: unknown) =>
      connection.publish(`gh.beat.${tail}`, typeof content === 'string' ? content : JSON.stringify(content));
    send(`${tenant}.echo.a`, '');
    send(`${tenant}.echo.a`, 'null');
    send(`${tenant}.echo.a`, '{'.repeat(500));
    send(`${tenant}.echo.a`, { ...beat, digest: 'short' });
    send(`${tenant}.echo.a`, { ...beat, state: 'gone' });
    send(`${tenant}.echo.a`, { ...beat, load: -1 });
    send(`${tenant}.echo.a`, { ...beat, load: 'Infinity' });
    send(`${tenant}.echo.a`, { ...beat, padding: 'x'.repeat(2_000) });
    send(`${tenant}.echo.a`, { ...beat, tenant: 'other' });
    send(`${tenant}.files.a`, beat);
    send(`other.echo.a`, beat);
    await connection.flush();
    await gateway.connection.flush();
    expect(gateway.registry.isReady(tenant, 'echo', digest)).toBe(false);
    send(`${tenant}.echo.a`, beat);
    await until(() => gateway.registry.isReady(tenant, 'echo', digest));
    await connection.close();
  });

  it("counts this gateway's own calls once, although beats count them too", async () => {
    const tenant = newTenant();
    const connection = await connectTo(sharedNatsUrl());
    const beat = async (instance: string, load: number) => {
      const content = { tenant, server: 'echo', digest, state: 'ready', load };
      connection.publish(`gh.beat.${tenant}.echo.${instance}`, JSON.stringify(content));
      await connection.flush();
      await gateway.connection.flush();
    };
    await beat('a', 0);
    const a = gateway.registry.pick(tenant, 'echo', digest);
    await beat('b', 0);
    const b = gateway.registry.pick(tenant, 'echo', digest, new Set(a ? [a] : []));
    if (!a || !b) throw new Error('both beats must be heard');
    a.inFlight = 4;
    b.inFlight = 5;
    await beat('a', 4);
    expect(gateway.registry.pick(tenant, 'echo', digest)).toBe(a);
    await beat('a', 6);
    expect(gateway.registry.pick(tenant, 'echo', digest)).toBe(b);
    await connection.close();
  });

  it('picks only instances of the digest that was asked for, and none that was tried', async () => {
    const tenant = newTenant();
    const newer = definitionsOf('echo', { version: '2.0.0' });
    const workers = await Promise.all([
      startWorker(sharedNatsUrl(), tenant, definitions, { instance: 'old' }),
      startWorker(sharedNatsUrl(), tenant, newer, { instance: 'new' }),
    ]);
    await until(() => gateway.registry.isReady(tenant, 'echo', definitionsDigest(newer)));
    await until(() => gateway.registry.isReady(tenant, 'echo', digest));
    const picked = gateway.registry.pick(tenant, 'echo', digest);
    expect(picked?.address.instance).toBe('old');
    expect(gateway.registry.pick(tenant, 'echo', digest, new Set(picked ? [picked] : []))).toBeUndefined();
    expect(gateway.registry.pick('another-tenant', 'echo', digest)).toBeUndefined();
    await Promise.all(workers.map((worker) => worker.stop()));
  });
});
