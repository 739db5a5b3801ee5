import type { Msg, NatsConnection } from '@nats-io/nats-core';
import type { InstanceAddress } from '../subjects.ts';
import { subjects } from '../subjects.ts';
import { OwnTask } from './own-task.ts';
import type { TaskCreation, TaskOffer } from './own-task.ts';
import type { SealedTaskGrant } from './task-grants.ts';
import { maxTaskContentBytes } from './task-store.ts';
import { encodeReport, parseNews } from './task-wire.ts';

/** The tasks that this instance runs: it bounds them, hears what concerns them, and ends them with the process. */
export class OwnTasks {
  readonly #connection: NatsConnection;
  readonly #address: InstanceAddress;
  readonly #maxTasks: number;
  readonly #connected: () => boolean;
  readonly #tasks = new Map<string, OwnTask>();
  #draining = false;
  #onIdle: (() => void) | undefined;

  constructor(
    connection: NatsConnection,
    address: InstanceAddress,
    limits: { maxTasks: number; connected: () => boolean },
  ) {
    this.#connection = connection;
    this.#address = address;
    this.#maxTasks = limits.maxTasks;
    this.#connected = limits.connected;
  }

  /** Tasks without an ending so far. */
  get size(): number {
    return this.#tasks.size;
  }

  /** What one call may become. */
  offer(grant: SealedTaskGrant): TaskOffer {
    const { taskId, traceId } = grant;
    return { taskId, traceId, create: (statusMessage) => this.#create(grant, statusMessage) };
  }

  receiveNews(message: Msg): void {
    const news = parseNews(message);
    if (news) this.#tasks.get(news.taskId)?.hear(news);
  }

  /** From here on calls stay calls. Resolves when no task is left; those that take longer than `graceMs` are told to stop. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    if (this.#tasks.size === 0) return;
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    const timer = setTimeout(() => this.abortAll(), graceMs);
    await idle;
    clearTimeout(timer);
  }

  /** Tells every task that the process ends. */
  abortAll(): void {
    for (const task of this.#tasks.values()) task.abort('ending');
  }

  async #create(grant: SealedTaskGrant, statusMessage: string | undefined): Promise<TaskCreation> {
    if (this.#draining) return { kind: 'refused', reason: 'draining' };
    if (this.#tasks.size >= this.#maxTasks) return { kind: 'refused', reason: 'busy' };
    const task = new OwnTask(grant, {
      maxContentBytes: maxTaskContentBytes(this.#connection),
      // What is published while the connection is broken waits in memory, and a report is repeated until it is stored.
      send: (report, content) => {
        if (this.#connection.isClosed() || !this.#connected()) return;
        this.#connection.publish(subjects.taskReport(this.#address), content, { headers: encodeReport(report) });
      },
    });
    this.#tasks.set(grant.taskId, task);
    void task.over.then(() => this.#forget(grant.taskId));
    return task.create(statusMessage);
  }

  #forget(taskId: string): void {
    this.#tasks.delete(taskId);
    if (this.#tasks.size === 0) this.#onIdle?.();
  }
}
