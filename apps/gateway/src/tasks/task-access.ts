import type { BusMonitor, NatsConnection, StoredTask, Task, TaskKey } from '@gatehouse/messaging';
import {
  isRefusedWrite,
  maxTaskContentBytes,
  ownerOf,
  TaskReadsBusyError,
  TaskStore,
  tellOwner,
  unconfirmedWords,
} from '@gatehouse/messaging';
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
   * @throws JsonRpcError -31009 when NATS does not answer, -31005 when too much is being read
   */
  read(key: TaskKey, traceId: string): Promise<StoredTask | undefined> {
    return this.#attempt(
      () => this.#store.read(key),
      (error) => notRead(error, traceId),
    );
  }

  /**
   * Changes a task by a client's words. They are stored when this resolves; the owner hears of them at once, or else
   * from whichever gateway finds that it has not confirmed them.
   * @throws JsonRpcError -31009 or -31005 when they were certainly not stored, -31002 when NATS had them and does not answer, -31008
   * when the task cannot hold them
   */
  async change(key: TaskKey, change: (task: Task) => Task | undefined, traceId: string): Promise<void> {
    const maxBytes = maxTaskContentBytes(this.#connection);
    let writing = false;
    let answered = false;
    const bounded = (task: Task) => {
      // The read was waited for no longer, and its caller was told that nothing happened: that stays true.
      if (answered) return undefined;
      const changed = change(task);
      if (changed && changed.content.length > maxBytes) throw tooLarge(traceId);
      writing = changed !== undefined;
      return changed;
    };
    const task = await this.#attempt(
      () => this.#store.change(key, bounded),
      (error) => {
        answered = true;
        const mayBeStored = writing && !isRefusedWrite(error) && !(error instanceof TaskReadsBusyError);
        return mayBeStored ? unknownOutcome(traceId) : notRead(error, traceId);
      },
    );
    if (task) this.remind(key, task);
  }

  /** Tells the owner what clients said and it has not confirmed. */
  remind(key: TaskKey, task: Task): void {
    const words = unconfirmedWords(task);
    if (Object.keys(words).length === 0) return;
    tellOwner(this.#connection, ownerOf(key, task.state), { taskId: key.taskId, kind: 'changed', ...words });
  }

  async #attempt<Result>(work: () => Promise<Result>, failureOf: (error: unknown) => JsonRpcError): Promise<Result> {
    if (!this.#bus.carries) throw failureOf(undefined);
    try {
      return await this.#bus.whileItCarries(work);
    } catch (error) {
      if (error instanceof JsonRpcError) throw error;
      if (!(error instanceof TaskReadsBusyError)) logTasksUnreachable(this.#logger, error);
      throw failureOf(error);
    }
  }
}

function notRead(error: unknown, traceId: string): JsonRpcError {
  return error instanceof TaskReadsBusyError ? tooManyTaskRequests(traceId) : unreachable(traceId);
}

/** What is refused because too much of its kind is going on. */
export function tooManyTaskRequests(traceId: string): JsonRpcError {
  const data = { executed: 'no', retryable: true, retryAfterMs: 1_000, traceId } as const;
  return gatehouseError(ErrorCode.overloaded, 'Too much is being read of tasks to take this request now', data);
}

function unreachable(traceId: string): JsonRpcError {
  const data = { executed: 'no', retryable: true, retryAfterMs: 1_000, traceId } as const;
  return gatehouseError(ErrorCode.dependencyUnavailable, 'The store of tasks is not available', data);
}

function unknownOutcome(traceId: string): JsonRpcError {
  const data = { executed: 'unknown', retryable: false, traceId } as const;
  return gatehouseError(ErrorCode.outcomeUnknown, 'It is unknown whether the task was changed', data);
}

function tooLarge(traceId: string): JsonRpcError {
  const data = { executed: 'no', retryable: false, traceId } as const;
  return gatehouseError(ErrorCode.payloadTooLarge, 'The answers are too large for a task', data);
}
