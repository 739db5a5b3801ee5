import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@gatehouse/runtime';
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { logTaskDropped, logTasksUnreadable } from './events.ts';
import type { TaskKey, TaskState } from './task.ts';
import { hasEnded, isExpired } from './task.ts';
import { decodeTaskState } from './task-store.ts';
import { anyTaskSubject, parseTaskSubject, taskStream } from './task-stream.ts';

const retryIntervalMs = 500;
const readTimeoutMs = 5_000;
const expirySweepIntervalMs = 10_000;

/** A task that can still change, as its last entry says. */
export interface LiveTask {
  key: TaskKey;
  state: TaskState;
  revision: number;
}

/** Hears of every entry, in the order of the stream; content is read from the store by whoever wants it. */
export type TaskListener = (task: LiveTask) => void;

/**
 * Every living task, in memory, by following the headers of the stream. It serves counting, the care for tasks whose
 * owner is gone, and listeners; what a client is told of a task is read from the store.
 */
export class TaskIndex {
  readonly #connection: NatsConnection;
  readonly #logger: Logger;
  readonly #listeners = new Set<TaskListener>();
  readonly #sweep: NodeJS.Timeout;
  #live = new LiveTasks();
  #watch: ConsumerMessages | undefined;
  #reading: Promise<void> | undefined;
  #closed = false;

  constructor(connection: NatsConnection, logger: Logger) {
    this.#connection = connection;
    this.#logger = logger;
    this.#sweep = setInterval(() => this.#live.dropExpired(Date.now()), expirySweepIntervalMs);
    this.#sweep.unref();
    void this.#rereadAfterReconnect();
  }

  /** Every task that can still change. */
  live(): Iterable<LiveTask> {
    return this.#live.all();
  }

  /** How many living tasks a principal has. */
  countOf({ tenant, principal }: Omit<TaskKey, 'taskId'>): number {
    return this.#live.countOf({ tenant, principal }, Date.now());
  }

  /** Calls `listener` for every entry from now on, and for all that it may have missed after an outage. */
  listen(listener: TaskListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads everything again, as after an outage; resolves when the index is complete. */
  reread(): Promise<void> {
    this.#reading ??= this.#readUntilItWorks().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#sweep);
    this.#watch?.stop();
  }

  async #readUntilItWorks(): Promise<void> {
    while (!this.#closed && !this.#connection.isClosed()) {
      try {
        return await this.#read();
      } catch (error) {
        logTasksUnreadable(this.#logger, error);
        await delay(retryIntervalMs);
      }
    }
  }

  async #read(): Promise<void> {
    const consumer = await jetstream(this.#connection).consumers.getPushConsumer(taskStream, {
      deliver_policy: DeliverPolicy.LastPerSubject,
      filter_subjects: anyTaskSubject,
      headers_only: true,
    });
    const { num_pending: stored } = await consumer.info(true);
    const live = new LiveTasks();
    const complete = Promise.withResolvers<void>();
    complete.promise.catch(() => {}); // when there is nothing to wait for
    let received = 0;
    const watch = await consumer.consume({
      callback: (message) => {
        const task = this.#take(live, message);
        received++;
        if (received === stored) complete.resolve();
        if (task) for (const listener of this.#listeners) listener(task);
      },
    });
    void watch.closed().then(() => {
      complete.reject(new Error('the watch of the tasks ended'));
      if (watch === this.#watch && !this.#closed && !this.#connection.isClosed()) void this.reread();
    });
    const overdue = setTimeout(
      () => complete.reject(new Error(`the tasks were not complete after ${readTimeoutMs} ms`)),
      readTimeoutMs,
    );
    try {
      if (stored > 0) await complete.promise;
    } catch (error) {
      watch.stop();
      throw error;
    } finally {
      clearTimeout(overdue);
    }
    const replaced = this.#watch;
    this.#watch = watch;
    this.#live = live;
    replaced?.stop();
  }

  #take(live: LiveTasks, message: JsMsg): LiveTask | undefined {
    const key = parseTaskSubject(message.subject);
    const state = decodeTaskState(message.headers);
    if (!key || !state) {
      logTaskDropped(this.#logger, { natsSubject: message.subject });
      return undefined;
    }
    const task = { key, state, revision: message.seq };
    live.put(task);
    return task;
  }

  async #rereadAfterReconnect(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'reconnect' && !this.#closed) void this.reread();
    }
  }
}

/** Living tasks, by principal and id. */
class LiveTasks {
  readonly #byPrincipal = new Map<string, Map<string, LiveTask>>();

  put(task: LiveTask): void {
    const { key, state } = task;
    const tasks = this.#byPrincipal.get(principalKey(key)) ?? new Map<string, LiveTask>();
    if (hasEnded(state.status)) tasks.delete(key.taskId);
    else tasks.set(key.taskId, task);
    if (tasks.size === 0) this.#byPrincipal.delete(principalKey(key));
    else this.#byPrincipal.set(principalKey(key), tasks);
  }

  countOf(of: Omit<TaskKey, 'taskId'>, nowMs: number): number {
    let count = 0;
    for (const { state } of this.#byPrincipal.get(principalKey(of))?.values() ?? []) {
      if (!isExpired(state, nowMs)) count++;
    }
    return count;
  }

  *all(): Iterable<LiveTask> {
    for (const tasks of this.#byPrincipal.values()) yield* tasks.values();
  }

  dropExpired(nowMs: number): void {
    for (const [principal, tasks] of this.#byPrincipal) {
      for (const [taskId, { state }] of tasks) if (isExpired(state, nowMs)) tasks.delete(taskId);
      if (tasks.size === 0) this.#byPrincipal.delete(principal);
    }
  }
}

function principalKey({ tenant, principal }: Omit<TaskKey, 'taskId'>): string {
  return `${tenant}.${principal}`;
}
