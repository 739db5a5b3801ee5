import { setTimeout as delay } from 'node:timers/promises';
import { BusMonitor, CallClient, connectNats, InstanceRegistry, TaskIndex, TaskStore } from '@gatehouse/messaging';
import { createLogger } from '@gatehouse/runtime';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TaskAccess } from '../src/tasks/task-access.ts';
import { TaskOwners } from '../src/tasks/task-owners.ts';
import { startTaskStack } from './support/task-stack.ts';
import type { TaskStack } from './support/task-stack.ts';

const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
let stack: TaskStack;
let a: Awaited<ReturnType<TaskStack['addGateway']>>;
const cleanUps: (() => unknown)[] = [];
beforeEach(async () => {
  stack = await startTaskStack();
  a = await stack.addGateway();
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
  await stack.stop();
});

/** One more gateway's care for tasks, with less patience than usual. */
async function lookAfterOwners(silentAfterMs: number): Promise<void> {
  const connection = await connectNats({ servers: stack.natsUrl, name: 'test', inboxPrefix: '_INBOX_test', logger });
  const bus = new BusMonitor(connection, logger);
  const calls = new CallClient(connection, bus, logger);
  const registry = new InstanceRegistry(connection, calls, bus, logger);
  const store = new TaskStore(connection);
  const index = new TaskIndex(connection, logger);
  await index.reread();
  bus.start();
  const access = new TaskAccess(connection, store, bus, logger);
  const parts = { connection, bus, calls, registry, store, index, access, logger };
  const owners = new TaskOwners(parts, { deadAfterMs: 60_000, silentAfterMs });
  cleanUps.push(
    () => connection.close(),
    () => bus.close(),
    () => calls.close(),
    () => registry.close(),
    () => index.close(),
    () => owners.close(),
  );
}

it('a worker that is silent for too long has lost its tasks, and cannot undo that when it returns', async () => {
  const child = await stack.addChildWorker('stopped');
  await stack.listed(a);
  const taskId = await stack.begin(a, { workMs: 1_000 });
  await lookAfterOwners(2_000);
  child.signal('SIGSTOP');
  await delay(2_000);
  expect(await stack.get(a, taskId)).toMatchObject({ status: 'working' });
  const failed = await stack.reach(a, taskId, 'failed');
  expect(failed).toMatchObject({ error: { code: -31002 } });
  child.signal('SIGCONT');
  await delay(2_000);
  expect(await stack.get(a, taskId)).toEqual(failed);
  // It lives on, and takes new ones.
  await stack.reach(a, await stack.begin(a, { workMs: 0 }), 'completed');
});

it('what a client said is said again until the worker has confirmed it', async () => {
  const child = await stack.addChildWorker('away');
  await stack.listed(a);
  const taskId = await stack.begin(a, { questions: ['name'], workMs: 0 });
  await stack.reach(a, taskId, 'input_required');
  // The gateway that takes the answer dies before it passes it on.
  const connection = await connectNats({ servers: stack.natsUrl, name: 'test', inboxPrefix: '_INBOX_test', logger });
  const store = new TaskStore(connection);
  await stack.answerSilently(store, taskId, { name: 'Ada' });
  await connection.close();
  expect(await stack.reach(a, taskId, 'completed')).toMatchObject({ result: { content: [{ text: '["Ada"]' }] } });
  await child.kill();
});
