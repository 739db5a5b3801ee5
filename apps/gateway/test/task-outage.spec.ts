import { setTimeout as delay } from 'node:timers/promises';
import { principalToken, requestCancellation, subjectToken, TaskStore } from '@gatehouse/messaging';
import type { Task } from '@gatehouse/messaging';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TaskAccess } from '../src/tasks/task-access.ts';
import { openBreakableBus, timed } from './support/breakable-bus.ts';
import type { BreakableBus } from './support/breakable-bus.ts';
import { waitUntil } from './support/test-gateway.ts';

describe('a request about a task, when NATS dies', () => {
  const key = {
    tenant: subjectToken('t1'),
    principal: principalToken({ issuer: 'http://localhost:4000', accountId: 'account' }),
    taskId: subjectToken('f'.repeat(32)),
  };
  let nats: BreakableBus;
  let tasks: TaskAccess;
  let store: TaskStore;

  beforeEach(async () => {
    nats = await openBreakableBus();
    store = new TaskStore(nats.connection);
    await store.open();
    tasks = new TaskAccess(nats.connection, store, nats.bus, nats.logger);
    const now = Date.now();
    const state: Task['state'] = {
      server: 'files',
      instance: subjectToken('i1'),
      scopes: [],
      traceId: 'trace',
      status: 'working',
      createdAtMs: now,
      updatedAtMs: now,
      ttlMs: 60_000,
      step: 0,
    };
    await store.append(key, { state, content: new Uint8Array() }, 0);
  });
  afterEach(() => nats.close());

  it('that reads ends at once with -31009: nothing was executed', async () => {
    nats.silence();
    const answer = tasks.read(key, 'trace').catch((error: unknown) => error);
    await delay(50);
    await nats.kill();
    const { result, tookMs } = await timed(answer);
    expect(result).toMatchObject({ code: -31009, data: { executed: 'no', retryable: true } });
    expect(tookMs).toBeLessThan(100);
  });

  it('that changes the task ends with -31009 as long as it was only read', async () => {
    nats.silence();
    const change = (task: Task) => requestCancellation(task, Date.now());
    const answer = tasks.change(key, change, 'trace').catch((error: unknown) => error);
    await delay(50);
    await nats.kill();
    expect(await answer).toMatchObject({ code: -31009, data: { executed: 'no', retryable: true } });
  });

  it('that was answered with -31009 changes nothing when NATS goes on', async () => {
    nats.silence();
    const change = (task: Task) => requestCancellation(task, Date.now());
    const answer = tasks.change(key, change, 'trace').catch((error: unknown) => error);
    expect(await answer).toMatchObject({ code: -31009, data: { executed: 'no' } });
    await nats.goOn();
    await delay(200);
    expect(await store.read(key)).toMatchObject({ revision: 1 });
  });

  it('that changes the task ends at once with -31002 when it was being written', async () => {
    let asked = false;
    const change = (task: Task) => {
      asked = true;
      nats.silence();
      return requestCancellation(task, Date.now());
    };
    const answer = tasks.change(key, change, 'trace').catch((error: unknown) => error);
    await waitUntil(() => asked);
    await delay(50);
    await nats.kill();
    const { result, tookMs } = await timed(answer);
    expect(result).toMatchObject({ code: -31002, data: { executed: 'unknown', retryable: false } });
    expect(tookMs).toBeLessThan(100);
  });
});
