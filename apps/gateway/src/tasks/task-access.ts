import type { BusMonitor, NatsConnection, StoredTask, Task, TaskKey } from '@gatehouse/messaging';
import { maxTaskContentBytes, ownerOf, TaskStore, tellOwner, unconfirmedWords } from '@gatehouse/messaging';
import { ErrorCode, gatehouseError, JsonRpcError } from '@gatehouse/protocol';
import type { Logger } from '@gatehouse/runtime';
import { logTasksUnreachable } from './events.ts';

/** Tasks as methods see them: a store that fails in a typed way, and owners that hear of what clients said. */
export class TaskAccess {
  readonly #connection: NatsConnection;
  readonly #store: TaskStore;
  readonly #bus: BusMonitor;
  readonly #logger: Logger;

  constructor(connection: NatsConnection, store: TaskStore, bus: BusMonitor, logger: Logger) {
    this.#connection = connection;
    this.#store = store;
    this.#bus = bus;
    this.#logger = logger;
  }

  /**
   * A task; undefined when there is none under this key.
   * @throws JsonRpcError -31009 when NATS does not answer
   */
  read(key: TaskKey, traceId: string): Promise<StoredTask | undefined> {
    return this.#attempt(traceId, () => this.#store.read(key));
  }

  /**
   * Changes a task by a client's words. They are stored when this resolves; the owner hears of them at once, or else
   * from whichever gateway finds that it has not confirmed them.
   * @throws JsonRpcError -31009 when NATS does not answer, -31008 when the task cannot hold the words
   */
  async change(key: TaskKey, change: (task: Task) => Task | undefined, traceId: string): Promise<void> {
    const maxBytes = maxTaskContentBytes(this.#connection);
    const bounded = (task: Task) => {
      const changed = change(task);
      if (changed && changed.content.length > maxBytes) throw tooLarge(traceId);
      return changed;
    };
    const task = await this.#attempt(traceId, () => this.#store.change(key, bounded));
    if (task) this.remind(key, task);
  }

  /** Tells the owner what clients said and it has not confirmed. */
  remind(key: TaskKey, task: Task): void {
    const words = unconfirmedWords(task);
    if (Object.keys(words).length === 0) return;
    tellOwner(this.#connection, ownerOf(key, task.state), { taskId: key.taskId, kind: 'changed', ...words });
  }

  async #attempt<Result>(traceId: string, work: () => Promise<Result>): Promise<Result> {
    if (!this.#bus.carries) throw unreachable(traceId);
    try {
      return await work();
    } catch (error) {
      if (error instanceof JsonRpcError) throw error;
      logTasksUnreachable(this.#logger, error);
      throw unreachable(traceId);
    }
  }
}

function unreachable(traceId: string): JsonRpcError {
  const data = { executed: 'no', retryable: true, retryAfterMs: 1_000, traceId } as const;
  return gatehouseError(ErrorCode.dependencyUnavailable, 'The store of tasks is not available', data);
}

function tooLarge(traceId: string): JsonRpcError {
  const data = { executed: 'no', retryable: false, traceId } as const;
  return gatehouseError(ErrorCode.payloadTooLarge, 'The answers are too large for a task', data);
}
