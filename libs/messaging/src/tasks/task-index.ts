import type { Logger } from '@gatehouse/runtime';
import type { JsMsg } from '@nats-io/jetstream';
import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { StreamFollower } from '../stream-follower.ts';
import { logTaskDropped, logTasksUnreadable } from './events.ts';
import type { TaskKey, TaskState, TaskStatus } from './task.ts';
import { hasEnded, isExpired } from './task.ts';
import { decodeTaskState } from './task-store.ts';
import { anyTaskSubject, parseTaskSubject, taskStream } from './task-stream.ts';

const expirySweepIntervalMs = 10_000;
const entryBytes = 1_024;

/** A task that can still change, as its last entry says. */
export interface LiveTask {
  key: TaskKey;
  state: TaskState;
  revision: number;
}

/** What the tasks of one principal come to, those that have ended and not expired included. */
interface TaskHoldings {
  /** Tasks that can still change. */
  living: number;
  /** What they take up in the stream: results above all, and a kibibyte each for what is beside. */
  bytes: number;
}

/** Hears of every entry, in the order of the stream; content is read from the store by whoever wants it. */
type TaskListener = (task: LiveTask) => void;

/**
 * Every living task, in memory, by following the headers of the stream. It serves counting, the care for tasks whose
 * owner is gone, and listeners; what a client is told of a task is read from the store.
 */
export class TaskIndex {
  readonly #logger: Logger;
  readonly #listeners = new Set<TaskListener>();
  readonly #follower: StreamFollower<KnownTasks>;
  readonly #sweep: NodeJS.Timeout;
  readonly #complete = Promise.withResolvers<void>();
  #tasks = new KnownTasks();
  #isComplete = false;

  constructor(connection: NatsConnection, logger: Logger) {
    this.#logger = logger;
    this.#follower = new StreamFollower(connection, {
      what: 'the index of tasks',
      openConsumer: () =>
        jetstream(connection).consumers.getPushConsumer(taskStream, {
          deliver_policy: DeliverPolicy.LastPerSubject,
          filter_subjects: anyTaskSubject,
          headers_only: true,
        }),
      begin: () => new KnownTasks(),
      take: (tasks, message) => this.#take(tasks, message),
      use: (tasks) => {
        this.#tasks = tasks;
        this.#isComplete = true;
        this.#complete.resolve();
      },
      onFailed: (error) => logTasksUnreadable(logger, error),
    });
    this.#sweep = setInterval(() => this.#tasks.dropExpired(Date.now()), expirySweepIntervalMs);
    this.#sweep.unref();
  }

  /** True once everything was read. While it is read again, as after an outage, what was known before stays in use. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Resolves when everything was read for the first time. */
  get complete(): Promise<void> {
    return this.#complete.promise;
  }

  /** A short sentence for the readiness probe; undefined when all is well. */
  unreadyReason(): string | undefined {
    return this.#isComplete ? undefined : 'reading the tasks';
  }

  /** What is known of a task and of what it takes up in the stream, as far as this gateway has heard. */
  find(key: TaskKey): { status: TaskStatus; bytes: number } | undefined {
    const held = this.#tasks.find(key);
    return held && { status: held.task.state.status, bytes: held.bytes };
  }

  /** Every task that can still change. */
  live(): Iterable<LiveTask> {
    return this.#tasks.live();
  }

  /** What a principal has, as far as this gateway has heard. */
  holdingsOf(of: Omit<TaskKey, 'taskId'>): TaskHoldings {
    return this.#tasks.holdingsOf(of, Date.now());
  }

  /** Calls `listener` for every entry from now on, and for all that it may have missed after an outage. */
  listen(listener: TaskListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads everything again, as after an outage; resolves when the index is complete. */
  reread(): Promise<void> {
    return this.#follower.reread();
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#follower.close();
  }

  #take(tasks: KnownTasks, message: JsMsg): void {
    const key = parseTaskSubject(message.subject);
    const state = decodeTaskState(message.headers);
    if (!key || !state) {
      logTaskDropped(this.#logger, { natsSubject: message.subject });
      return;
    }
    const task = { key, state, revision: message.seq };
    // A consumer of headers alone says how much there is beside them.
    tasks.put(task, entryBytes + Number(message.headers?.get('Nats-Msg-Size') ?? 0));
    for (const listener of this.#listeners) listener(task);
  }
}

interface HeldTask {
  task: LiveTask;
  bytes: number;
}

/** Every task that has not expired, by principal and id; of those that have ended only what they hold. */
class KnownTasks {
  readonly #byPrincipal = new Map<string, Map<string, HeldTask>>();

  put(task: LiveTask, bytes: number): void {
    const { key } = task;
    const tasks = this.#byPrincipal.get(principalKey(key)) ?? new Map<string, HeldTask>();
    this.#byPrincipal.set(principalKey(key), tasks.set(key.taskId, { task, bytes }));
  }

  find(key: TaskKey): HeldTask | undefined {
    return this.#byPrincipal.get(principalKey(key))?.get(key.taskId);
  }

  holdingsOf(of: Omit<TaskKey, 'taskId'>, nowMs: number): TaskHoldings {
    const holdings: TaskHoldings = { living: 0, bytes: 0 };
    for (const { task, bytes } of this.#byPrincipal.get(principalKey(of))?.values() ?? []) {
      if (isExpired(task.state, nowMs)) continue;
      holdings.bytes += bytes;
      if (!hasEnded(task.state.status)) holdings.living++;
    }
    return holdings;
  }

  *live(): Iterable<LiveTask> {
    for (const tasks of this.#byPrincipal.values()) {
      for (const { task } of tasks.values()) if (!hasEnded(task.state.status)) yield task;
    }
  }

  dropExpired(nowMs: number): void {
    for (const [principal, tasks] of this.#byPrincipal) {
      for (const [taskId, { task }] of tasks) if (isExpired(task.state, nowMs)) tasks.delete(taskId);
      if (tasks.size === 0) this.#byPrincipal.delete(principal);
    }
  }
}

function principalKey({ tenant, principal }: Omit<TaskKey, 'taskId'>): string {
  return `${tenant}.${principal}`;
}
