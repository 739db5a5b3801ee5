import { randomBytes } from 'node:crypto';
import { StateKeys } from '@gatehouse/runtime';
import type { NatsConnection, Task, TaskKey } from '../src/index.ts';
import { keepTasks, principalToken, subjectToken, TaskGrants, TaskIndex, TaskStore } from '../src/index.ts';
import { OwnTasks } from '../src/tasks/own-tasks.ts';
import { subjects } from '../src/subjects.ts';
import { subscribe } from '../src/subscribe.ts';
import { logger, principalOf } from './bus.ts';

const sharedKeys = new StateKeys([randomBytes(32)]);

/** A gateway, as far as tasks concern it. */
export async function openTaskGateway(
  connection: NatsConnection,
  options: { maxTasks?: number; maxBytes?: number } = {},
) {
  const store = new TaskStore(connection);
  await store.open();
  const index = new TaskIndex(connection, logger);
  await index.reread();
  const grants = new TaskGrants(sharedKeys);
  const { maxTasks = 1_000, maxBytes = Number.POSITIVE_INFINITY } = options;
  const keeper = keepTasks({
    connection,
    store,
    grants,
    logger,
    admits: (key) => index.holdingsOf(key).living < maxTasks,
    hasRoom: (key, bytes) => index.holdingsOf(key).bytes + bytes <= maxBytes,
  });
  const close = () => {
    index.close();
    if (!connection.isClosed()) keeper.unsubscribe();
  };
  return { store, index, grants, close };
}

/** A grant for a call of one tenant's server `files`. */
export function grantOf(tenant: string, changes: { ttlMs?: number; server?: string; accountId?: string } = {}) {
  const { ttlMs = 60_000, server = 'files', accountId = 'account' } = changes;
  const principal = { ...principalOf(tenant), accountId };
  return new TaskGrants(sharedKeys).give({ principal, server, scopes: ['files:read'], traceId: 'trace', ttlMs });
}

export function keyOf(tenant: string, taskId: string, accountId = 'account'): TaskKey {
  const principal = principalToken({ ...principalOf(tenant), accountId });
  return { tenant: subjectToken(tenant), principal, taskId: subjectToken(taskId) };
}

/** A worker instance of the server `files`, as far as tasks concern it. */
export function openTaskWorker(connection: NatsConnection, tenant: string, instance = 'i1', maxTasks = 100) {
  const address = { tenant: subjectToken(tenant), server: subjectToken('files'), instance: subjectToken(instance) };
  const tasks = new OwnTasks(connection, address, { maxTasks, connected: () => true });
  const subscription = subscribe(connection, subjects.taskNews(address), logger, (message) =>
    tasks.receiveNews(message),
  );
  return { tasks, address, close: () => !connection.isClosed() && subscription.unsubscribe() };
}

export async function createTask(worker: ReturnType<typeof openTaskWorker>, grant: ReturnType<typeof grantOf>) {
  const creation = await worker.tasks.offer(grant).create();
  if (creation.kind === 'refused') throw new Error(creation.reason);
  return creation.task;
}

export const json = (value: unknown) => Buffer.from(JSON.stringify(value));

export function contentOf(task: Task | undefined): unknown {
  return task && task.content.length > 0 ? JSON.parse(Buffer.from(task.content).toString()) : undefined;
}
