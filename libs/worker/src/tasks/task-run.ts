import type { IncomingCall, OwnTask, TaskCreation, TaskOffer } from '@gatehouse/messaging';
import { ErrorCode, gatehouseError } from '@gatehouse/protocol';
import type { JsonRpcError } from '@gatehouse/protocol';
import { createContext } from '../context.ts';
import type { BasicContext } from '../context.ts';
import type { Asker } from '../questions/asking.ts';
import type { Round } from '../questions/round.ts';
import { endTask } from './end-task.ts';
import type { TaskOutcome } from './end-task.ts';
import { TaskAsker } from './task-asker.ts';
import type { StartTaskOptions, ToolContext } from './task-context.ts';
import { taskHandle } from './task-handle.ts';

/** What a run must know of its tool. */
export interface TaskTerms {
  task: 'optional' | 'required';
  /** When a call that is still running becomes a task by itself, in milliseconds. */
  taskAfterMs: number;
}

/**
 * One call that may go on as a task. Until then its questions end the run and its signal is the call's; afterwards they
 * wait, and the signal is the task's.
 */
export class TaskRun {
  readonly #begun: Promise<OwnTask>;
  readonly #call: IncomingCall;
  readonly #offer: TaskOffer;
  readonly #terms: TaskTerms;
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #markBegun: (task: OwnTask) => void;
  #round: Round | undefined;
  #task: OwnTask | undefined;
  #asker: TaskAsker | undefined;
  #clientCapabilities: Readonly<Record<string, unknown>> = {};
  #creating: Promise<TaskCreation> | undefined;
  #settled = false;

  constructor(call: IncomingCall, offer: TaskOffer, terms: TaskTerms) {
    this.#call = call;
    this.#offer = offer;
    this.#terms = terms;
    const { promise, resolve } = Promise.withResolvers<OwnTask>();
    this.#begun = promise;
    this.#markBegun = resolve;
    call.signal.addEventListener('abort', this.#onCallAborted);
    if (call.signal.aborted) this.#onCallAborted();
    // Longer than a timer can hold means never; the call's own deadline comes first.
    this.#timer = setTimeout(() => void this.#create(undefined), Math.min(terms.taskAfterMs, 2 ** 31 - 1));
    this.#timer.unref();
  }

  /** The task, once there is one. */
  get task(): OwnTask | undefined {
    return this.#task;
  }

  /** What a handler knows of its call, as long as it is one and as a task. */
  contextOf(basic: BasicContext, round: Round): ToolContext {
    this.#round = round;
    this.#clientCapabilities = { ...basic.clientCapabilities };
    const switched: BasicContext = {
      ...basic,
      signal: this.#abort.signal,
      // MCP Tasks extension §Task Status Notifications: neither is supported on tasks.
      progress: (...reported) => {
        if (!this.#task) basic.progress(...reported);
      },
      log: (...logged) => {
        if (!this.#task) basic.log(...logged);
      },
    };
    // Questions go to whoever can answer them now.
    const asker: Asker = {
      ask: (questions) => (this.#asker ?? round).ask(questions),
      misused: (error) => round.misused(error),
    };
    const taskId = () => this.#task?.taskId;
    return {
      ...createContext(switched, round, asker),
      startTask: (options) => this.#start(options),
      get taskId() {
        return taskId();
      },
    };
  }

  /** What the caller gets: what the handler came to, or a handle as soon as there is a task; then that ends with it. */
  async answerOrGoOn(settling: Promise<TaskOutcome>, onFault: (error: unknown) => void): Promise<TaskOutcome> {
    const settled = settling.then((outcome) => {
      this.#settle();
      return outcome;
    });
    const first = await Promise.race([settled, this.#begun.then(() => undefined)]);
    if (!this.#task) return first ?? settled;
    void endTask(this.#task, settled, onFault);
    return { result: taskHandle(this.#task) };
  }

  /** A task that comes into being only now is one that nobody gets a handle of. */
  #settle(): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#call.signal.removeEventListener('abort', this.#onCallAborted);
  }

  async #start({ statusMessage }: StartTaskOptions = {}): Promise<boolean> {
    if (this.#task) return true;
    // The client is asked first: this run is over, whatever its handler thinks.
    if (this.#round?.ending) return this.#round.stop();
    const creation = await this.#create(statusMessage);
    if (this.#task) return true;
    // The caller has left while the task was made, and nobody would get its handle.
    this.#abort.signal.throwIfAborted();
    if (creation?.kind !== 'refused' || this.#terms.task === 'optional') return false;
    throw refusalOf(creation.reason, this.#offer.traceId);
  }

  async #create(statusMessage: string | undefined): Promise<TaskCreation | undefined> {
    clearTimeout(this.#timer);
    if (this.#round?.ending) return undefined;
    if (this.#creating) return this.#creating;
    this.#creating = this.#offer.create(statusMessage);
    const creation = await this.#creating;
    if (creation.kind === 'created') this.#begin(creation.task);
    return creation;
  }

  #begin(task: OwnTask): void {
    if (this.#settled || this.#call.signal.aborted || this.#round?.ending) {
      void task.end({ status: 'cancelled' });
      return;
    }
    this.#call.signal.removeEventListener('abort', this.#onCallAborted);
    task.signal.addEventListener('abort', () => this.#abort.abort(task.signal.reason));
    this.#task = task;
    this.#asker = new TaskAsker(task, this.#clientCapabilities);
    this.#markBegun(task);
  }

  readonly #onCallAborted = (): void => {
    this.#abort.abort(this.#call.signal.reason);
  };
}

const refusals = {
  limit: [ErrorCode.rateLimited, 'The caller has too many tasks at the same time'],
  full: [ErrorCode.dependencyUnavailable, 'The store of tasks is full'],
  busy: [ErrorCode.overloaded, 'The worker runs too many tasks'],
  draining: [ErrorCode.overloaded, 'The worker is about to end'],
  taken: [ErrorCode.internalError, 'Internal error'],
  expired: [ErrorCode.internalError, 'Internal error'],
} as const;

function refusalOf(reason: keyof typeof refusals, traceId: string): JsonRpcError {
  const [code, message] = refusals[reason];
  return gatehouseError(code, message, { executed: 'unknown', retryable: true, traceId });
}
