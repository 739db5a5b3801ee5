import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallHandler } from '@gatehouse/messaging';
import { definitionsDigest } from '@gatehouse/messaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DispatchOutcome } from '../../src/dispatch/dispatch-outcome.ts';
import { startChildWorker } from '../../../../test/support/start-child-worker.ts';
import type { WorkerSide } from '../../../../test/support/worker-side.ts';
import type { GatewayCore } from './gateway-core.ts';
import {
  answerAtOnce,
  definitionsOf,
  dispatchCall,
  newTenant,
  openGatewayCore,
  sharedNatsUrl,
  startWorker,
  until,
} from './gateway-core.ts';

const definitions = definitionsOf('echo');
const digest = definitionsDigest(definitions);
const childWorker = path.join(import.meta.dirname, 'child-worker.ts');
const never: CallHandler = () => new Promise(() => {});
const afterMs =
  (ms: number): CallHandler =>
  (call) =>
    sleep(ms).then(() => answerAtOnce(call));

let core: GatewayCore;
beforeAll(async () => {
  core = await openGatewayCore();
});
afterAll(() => core.close());

const isReady = (tenant: string) => core.registry.isReady(tenant, 'echo', digest);

/** Waits until so many of a tenant's instances may get calls. */
async function untilReady(tenant: string, count: number): Promise<void> {
  await until(() => {
    const seen = new Set<NonNullable<ReturnType<typeof core.registry.pick>>>();
    for (let picked = core.registry.pick(tenant, 'echo', digest); picked;) {
      seen.add(picked);
      picked = core.registry.pick(tenant, 'echo', digest, seen);
    }
    return seen.size === count;
  });
}

/** Keeps `clients` callers busy until `work` is done, then tells what their calls came to. */
async function underLoad(
  tenant: string,
  clients: number,
  work: () => Promise<void>,
  changes: { replayable?: boolean; body?: (id: number) => Buffer } = {},
): Promise<DispatchOutcome[]> {
  const outcomes: DispatchOutcome[] = [];
  const done = new AbortController();
  let id = 0;
  const client = async () => {
    while (!done.signal.aborted) {
      const { body, ...rest } = changes;
      const call = body ? { ...rest, body: body(++id) } : rest;
      outcomes.push(await dispatchCall(core, tenant, definitions, call));
    }
  };
  const callers = Promise.all(Array.from({ length: clients }, client));
  await work();
  done.abort();
  await callers;
  return outcomes;
}

const failed = (outcomes: DispatchOutcome[]) => outcomes.filter(({ kind }) => kind === 'failed');

describe('a call without anybody to run it', () => {
  it('answers -31001 within 100 ms when the server has no instance', async () => {
    const startedAt = performance.now();
    expect(await dispatchCall(core, newTenant(), definitions)).toEqual({
      kind: 'failed',
      code: -31001,
      executed: 'no',
      retryable: true,
      retryAfterMs: 1_000,
      reason: 'no-instance',
    });
    expect(performance.now() - startedAt).toBeLessThan(100);
  });

  it('answers -31001 when only instances of other definitions live', async () => {
    const tenant = newTenant();
    const worker = await startWorker(tenant, definitions);
    await until(() => isReady(tenant));
    const newer = definitionsOf('echo', { version: '2.0.0' });
    expect(await dispatchCall(core, tenant, newer)).toMatchObject({ code: -31001, executed: 'no' });
    await worker.stop();
  });

  it('answers -31001, not executed, when the last instance has gone without a word', async () => {
    const tenant = newTenant();
    const worker = await startWorker(tenant, definitions);
    await until(() => isReady(tenant));
    await worker.connection.drain();
    expect(await dispatchCall(core, tenant, definitions)).toMatchObject({ code: -31001, executed: 'no' });
  });

  it('answers -31005 when every instance has its hands full', async () => {
    const tenant = newTenant();
    const workers = [
      await startWorker(tenant, definitions, { handler: never, concurrency: 1 }),
      await startWorker(tenant, definitions, { handler: never, concurrency: 1 }),
    ];
    await untilReady(tenant, 2);
    const clients = new AbortController();
    const hanging = Array.from({ length: 4 }, () =>
      dispatchCall(core, tenant, definitions, {}, { signal: clients.signal }),
    );
    await until(() => workers.every(({ server }) => server.inFlight() === 2));
    expect(await dispatchCall(core, tenant, definitions)).toEqual({
      kind: 'failed',
      code: -31005,
      executed: 'no',
      retryable: true,
      retryAfterMs: 1_000,
      reason: 'overloaded',
    });
    clients.abort();
    await Promise.all(hanging);
    await Promise.all(workers.map(({ connection }) => connection.close()));
  });

  it('goes to the instance with room when the other one refuses', async () => {
    const tenant = newTenant();
    const full = await startWorker(tenant, definitions, { handler: never, concurrency: 1 });
    await untilReady(tenant, 1);
    const clients = new AbortController();
    const hanging = Array.from({ length: 2 }, () =>
      dispatchCall(core, tenant, definitions, {}, { signal: clients.signal }),
    );
    await until(() => full.server.inFlight() === 2);
    const free = await startWorker(tenant, definitions, { instance: 'free' });
    await untilReady(tenant, 2);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => dispatchCall(core, tenant, definitions)));
    expect(new Set(outcomes.map((outcome) => outcome.kind === 'answered' && outcome.instance))).toEqual(
      new Set(['free']),
    );
    clients.abort();
    await Promise.all(hanging);
    await full.connection.close();
    await free.stop();
  });
});

describe('a call that takes too long or too much', () => {
  let tenant: string;
  let worker: WorkerSide;
  beforeAll(async () => {
    tenant = newTenant();
    worker = await startWorker(tenant, definitions, {
      handler: (call) =>
        call.name === 'large'
          ? Promise.resolve({ kind: 'result', body: Buffer.alloc(64 * 1024 * 1024 + 1) })
          : never(call),
    });
    await until(() => isReady(tenant));
  });
  afterAll(() => worker.connection.close());

  it('answers -31003 within its deadline and a second', async () => {
    const startedAt = performance.now();
    expect(await dispatchCall(core, tenant, definitions, { timeoutMs: 200, replayable: false })).toEqual({
      kind: 'failed',
      code: -31003,
      executed: 'unknown',
      retryable: false,
      reason: 'deadline',
    });
    expect(performance.now() - startedAt).toBeLessThan(1_200);
  });

  it('answers -31008, executed, when the result is larger than 64 MiB', async () => {
    expect(await dispatchCall(core, tenant, definitions, { name: 'large' })).toMatchObject({
      code: -31008,
      executed: 'yes',
      retryable: false,
    });
  });

  it('answers -31008, not executed, when the request is', async () => {
    const body = Buffer.alloc(core.dispatch.maxBodyBytes + 1);
    expect(await dispatchCall(core, tenant, definitions, { body })).toMatchObject({ code: -31008, executed: 'no' });
  });

  it('is cancelled at the worker when the client has closed its stream', async () => {
    const client = new AbortController();
    const before = worker.server.inFlight();
    const outcome = dispatchCall(core, tenant, definitions, {}, { signal: client.signal });
    await until(() => worker.server.inFlight() === before + 1);
    client.abort();
    expect(await outcome).toMatchObject({ kind: 'failed', reason: 'cancelled' });
  });

  it('never lasts longer than the gateway allows, whatever the tool asks for', async () => {
    const strict = await openGatewayCore(sharedNatsUrl(), 300);
    await until(() => strict.registry.isReady(tenant, 'echo', digest));
    const startedAt = performance.now();
    expect(await dispatchCall(strict, tenant, definitions, { timeoutMs: 60_000 })).toMatchObject({ code: -31003 });
    expect(performance.now() - startedAt).toBeLessThan(1_300);
    await strict.close();
  });
});

describe('two instances', () => {
  it('share the calls about half and half', async () => {
    const tenant = newTenant();
    const workers = [
      await startWorker(tenant, definitions, { instance: 'a', handler: afterMs(5) }),
      await startWorker(tenant, definitions, { instance: 'b', handler: afterMs(5) }),
    ];
    await untilReady(tenant, 2);
    const outcomes = await underLoad(tenant, 16, () => sleep(1_500));
    const byA = outcomes.filter((outcome) => outcome.kind === 'answered' && outcome.instance === 'a').length;
    expect(failed(outcomes)).toEqual([]);
    expect(byA / outcomes.length).toBeGreaterThan(0.4);
    expect(byA / outcomes.length).toBeLessThan(0.6);
    await Promise.all(workers.map(({ stop }) => stop()));
  });

  it('do not share them so when one is ten times slower', async () => {
    const tenant = newTenant();
    const workers = [
      await startWorker(tenant, definitions, { instance: 'quick', handler: afterMs(5) }),
      await startWorker(tenant, definitions, { instance: 'slow', handler: afterMs(50) }),
    ];
    await untilReady(tenant, 2);
    const outcomes = await underLoad(tenant, 16, () => sleep(1_500));
    const bySlow = outcomes.filter((outcome) => outcome.kind === 'answered' && outcome.instance === 'slow').length;
    expect(failed(outcomes)).toEqual([]);
    expect(bySlow / outcomes.length).toBeLessThan(0.25);
    await Promise.all(workers.map(({ stop }) => stop()));
  });
});

describe('a rolling restart under load', () => {
  it('fails no call, though none may run twice', async () => {
    const tenant = newTenant();
    let workers = [await startWorker(tenant, definitions), await startWorker(tenant, definitions)];
    await untilReady(tenant, 2);
    const outcomes = await underLoad(tenant, 32, async () => {
      for (let round = 0; round < 4; round++) {
        const next = await startWorker(tenant, definitions, { handler: afterMs(round * 3) });
        await untilReady(tenant, 3);
        await workers[0]?.stop();
        workers = [...workers.slice(1), next];
      }
    });
    expect(failed(outcomes)).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(500);
    await Promise.all(workers.map(({ stop }) => stop()));
  });
});

describe('an instance that is killed under load', () => {
  /** Two instances, each in a process of its own; one is killed. Returns outcomes and how often each call ran. */
  async function killOneOfTwo(replayable: boolean) {
    const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-ledger-'));
    const ledger = path.join(folder, 'ledger');
    const tenant = newTenant();
    const options = { url: sharedNatsUrl(), tenant, ledger, definitions };
    const [victim, survivor] = await Promise.all([
      startChildWorker(childWorker, { ...options, instance: 'victim' }),
      startChildWorker(childWorker, { ...options, instance: 'survivor' }),
    ]);
    await untilReady(tenant, 2);
    const killed = { atCall: 0 };
    let calls = 0;
    const outcomes = await underLoad(
      tenant,
      16,
      async () => {
        await sleep(500);
        await victim.kill();
        killed.atCall = calls;
        await sleep(1_500);
      },
      { replayable, body: (id) => Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: (calls = id) })) },
    );
    const runs = new Map<string, number>();
    for (const id of readFileSync(ledger, 'utf8').trim().split('\n')) runs.set(id, (runs.get(id) ?? 0) + 1);
    await survivor.kill();
    rmSync(folder, { recursive: true });
    return { outcomes, mostRuns: Math.max(...runs.values()), callsAfterwards: calls - killed.atCall };
  }

  it('ends what it had as unknown, fails nothing that came later, and nothing runs twice', async () => {
    const { outcomes, mostRuns, callsAfterwards } = await killOneOfTwo(false);
    expect(new Set(failed(outcomes).map((outcome) => JSON.stringify(outcome)))).toEqual(
      new Set([
        JSON.stringify({
          kind: 'failed',
          code: -31002,
          executed: 'unknown',
          retryable: false,
          reason: 'worker-lost',
        }),
      ]),
    );
    expect(failed(outcomes).length).toBeLessThanOrEqual(16);
    expect(callsAfterwards).toBeGreaterThan(100);
    expect(mostRuns).toBe(1);
  });

  it('fails nothing at all when the calls may run twice, and none runs more often', async () => {
    const { outcomes, mostRuns } = await killOneOfTwo(true);
    expect(failed(outcomes)).toEqual([]);
    expect(mostRuns).toBeLessThanOrEqual(2);
  });
});

describe('a lost call', () => {
  /** A worker whose connection breaks when it gets a call, after it has relayed a notification or not. */
  async function startDyingWorker(tenant: string, relays: boolean): Promise<WorkerSide> {
    const worker: WorkerSide = await startWorker(tenant, definitions, {
      handler: async (call) => {
        if (relays) call.notify(Buffer.from('{"jsonrpc":"2.0","method":"notifications/message"}'));
        await worker.connection.flush();
        await worker.connection.close();
        return answerAtOnce(call);
      },
    });
    return worker;
  }

  it('is retried once only, not at a third instance', async () => {
    const tenant = newTenant();
    for (const relays of [false, false, false]) await startDyingWorker(tenant, relays);
    await untilReady(tenant, 3);
    expect(await dispatchCall(core, tenant, definitions, { replayable: true })).toMatchObject({
      code: -31002,
      executed: 'unknown',
      retryable: true,
      reason: 'worker-lost',
    });
    expect(isReady(tenant)).toBe(true);
  });

  it('is not retried when a notification has reached the client', async () => {
    const tenant = newTenant();
    await startDyingWorker(tenant, true);
    await startDyingWorker(tenant, true);
    await untilReady(tenant, 2);
    let notifications = 0;
    const onNotification = () => notifications++;
    const outcome = await dispatchCall(core, tenant, definitions, { replayable: true }, { onNotification });
    expect(outcome).toMatchObject({ code: -31002, reason: 'worker-lost' });
    expect(notifications).toBe(1);
    expect(isReady(tenant)).toBe(true);
  });

  it('answers -31002, not -31001, when there is no second instance', async () => {
    const tenant = newTenant();
    await startDyingWorker(tenant, false);
    await untilReady(tenant, 1);
    const outcome = await dispatchCall(core, tenant, definitions, { replayable: true });
    expect(outcome).toMatchObject({ code: -31002, executed: 'unknown' });
  });
});
