import { JetStreamApiCodes, JetStreamApiError, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { MsgHdrs, NatsConnection } from '@nats-io/nats-core';
import { headers } from '@nats-io/nats-core';
import { MsgHdrsImpl } from '@nats-io/nats-core/internal';
import { explainJetStreamFailure } from '../explain-jetstream-failure.ts';
import { RefusedWriteError } from '../refused-write.ts';
import { headerRoomBytes } from '../wire.ts';
import { ReadBudget } from './read-budget.ts';
import type { TaskIndex } from './task-index.ts';
import type { Task, TaskKey, TaskState } from './task.ts';
import { hasEnded, isExpired } from './task.ts';
import { ensureTaskStream, entryTtl, taskStream, taskSubject } from './task-stream.ts';

const stateHeader = 'Gatehouse-Task';

/** How often a change is tried when others write at the same time. */
const maxAttempts = 8;

/** Answers of calls come through the same connection, behind what is being read: it is one of the largest tasks. */
const readBudget = { maxBytes: 8 * 1024 * 1024, maxWaitMs: 5_000, maxWaitingPerReader: 2_048 };

/** A task with the sequence of its entry, on which the next change depends. */
export interface StoredTask extends Task {
  revision: number;
}

/** What became of a write: stored, somebody else was faster, or the stream takes no more. */
type AppendOutcome = { kind: 'stored'; revision: number } | { kind: 'conflict' | 'full' };

/** Reads and writes tasks. Writes are durable when they resolve; reads go to the stream's leader, as many as fit in. */
export class TaskStore {
  readonly #connection: NatsConnection;
  readonly #sizes: Pick<TaskIndex, 'find' | 'isComplete'> | undefined;
  readonly #reads = new ReadBudget(readBudget);

  /** @param sizes Says how much a read will bring; without it each counts as the largest. */
  constructor(connection: NatsConnection, sizes?: Pick<TaskIndex, 'find' | 'isComplete'>) {
    this.#connection = connection;
    this.#sizes = sizes;
  }

  /**
   * Creates the stream unless it exists.
   * @throws StartError when NATS has no JetStream, or denies this identity the tasks, as allow lists of before there were any do
   */
  async open(): Promise<void> {
    try {
      await ensureTaskStream(await jetstreamManager(this.#connection), this.#connection);
    } catch (cause) {
      throw explainJetStreamFailure(cause, 'tasks');
    }
  }

  /**
   * A task; undefined when there is none, or its time is over.
   * @throws TaskReadsBusyError when too much is being read
   */
  read(key: TaskKey): Promise<StoredTask | undefined> {
    return this.#reads.read(`${key.tenant}.${key.principal}`, this.#bytesOf(key), () => this.#read(key));
  }

  async #read(key: TaskKey): Promise<StoredTask | undefined> {
    const query = JSON.stringify({ last_by_subj: taskSubject(key) });
    const answer = await this.#connection.request(`$JS.API.STREAM.MSG.GET.${taskStream}`, query, { timeout: 5_000 });
    const { message, error } = answer.json<MessageAnswer>();
    if (error?.err_code === JetStreamApiCodes.NoMessageFound) return undefined;
    if (!message) throw new Error(`a task could not be read: ${error?.description ?? 'no message'}`);
    const state = decodeTaskState(MsgHdrsImpl.decode(Buffer.from(message.hdrs ?? '', 'base64')));
    if (!state || isExpired(state, Date.now())) return undefined;
    return { state, content: Buffer.from(message.data ?? '', 'base64'), revision: message.seq };
  }

  /** How much a read may bring, in base64. */
  #bytesOf(key: TaskKey): number {
    const largest = maxPayloadBytes(this.#connection);
    const found = this.#sizes?.find(key);
    if (!found) return this.#sizes?.isComplete ? largest / livingShare : largest;
    const bytes = 2 * headerRoomBytes + Math.ceil(found.bytes / 3) * 4;
    return hasEnded(found.status) ? bytes : Math.max(bytes, largest / livingShare);
  }

  /** Stores a task on the condition that its last entry is the one of `revision`; 0 when there must be none. */
  async append(key: TaskKey, { state, content }: Task, revision: number): Promise<AppendOutcome> {
    const entryHeaders = headers();
    entryHeaders.set(stateHeader, JSON.stringify(state));
    try {
      const acknowledged = await jetstream(this.#connection).publish(taskSubject(key), content, {
        headers: entryHeaders,
        expect: { lastSubjectSequence: revision },
        ttl: entryTtl(state.createdAtMs + state.ttlMs, Date.now()),
      });
      return { kind: 'stored', revision: acknowledged.seq };
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence)
        return { kind: 'conflict' };
      if (error instanceof JetStreamApiError && isFull(error)) return { kind: 'full' };
      throw error;
    }
  }

  /**
   * Changes a task whatever others do at the same time: `change` is asked again with what they stored. It answers undefined
   * where nothing is to be changed. Resolves with the task as it is then; undefined when there is none.
   * @throws TaskReadsBusyError when nothing was written because too much is being read; Error when NATS does not answer; one
   * that `isRefusedWrite` when the stream is full or others are always faster
   */
  async change(key: TaskKey, change: (task: Task) => Task | undefined): Promise<StoredTask | undefined> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const stored = await this.read(key);
      const changed = stored && change(stored);
      if (!changed) return stored;
      const outcome = await this.append(key, changed, stored.revision);
      if (outcome.kind === 'stored') return { ...changed, revision: outcome.revision };
      if (outcome.kind === 'full') throw new RefusedWriteError('the stream of tasks is full');
    }
    throw new RefusedWriteError('others kept changing the task');
  }
}

/** What may have ended a moment ago counts for a part: should all have, they still fit what NATS keeps for us (256 MiB). */
const livingShare = 16;

/**
 * Largest content of a task. The leader answers reads in base64 inside JSON, which needs four bytes for three, and has to
 * fit `max_payload` as every message.
 */
export function maxTaskContentBytes(connection: NatsConnection): number {
  return Math.floor(((maxPayloadBytes(connection) - 2 * headerRoomBytes) * 3) / 4);
}

function maxPayloadBytes(connection: NatsConnection): number {
  return connection.info?.max_payload ?? 1024 * 1024;
}

/** Reads an entry's header; undefined when it is none of ours. */
export function decodeTaskState(entryHeaders: MsgHdrs | undefined): TaskState | undefined {
  try {
    return JSON.parse(entryHeaders?.get(stateHeader) ?? '') as TaskState;
  } catch {
    return undefined;
  }
}

interface MessageAnswer {
  message?: { seq: number; hdrs?: string; data?: string };
  error?: { err_code: number; description: string };
}

/** NATS's "maximum bytes exceeded" comes as a general failure to store. */
function isFull(error: JetStreamApiError): boolean {
  return /maximum bytes exceeded|insufficient (storage )?resources/.test(error.message);
}
