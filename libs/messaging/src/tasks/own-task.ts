import { setTimeout as delay } from 'node:timers/promises';
import { OpenQuestions } from './open-questions.ts';
import type { SealedTaskGrant } from './task-grants.ts';
import type { TaskReport } from './task-transitions.ts';
import type { ClientWords, GrantedReport, TaskNews, TaskRefusal } from './task-wire.ts';

/** How long an owner waits for a keeper's word before it reports again, the first time and at most. */
const firstRetryMs = 1_000;
const lastRetryMs = 4_000;

/** A call that may become a task. */
export interface TaskOffer {
  readonly taskId: string;
  readonly traceId: string;
  /** Makes it one; resolves when the task is durable, or with the reason why the call stays a call. */
  create(statusMessage?: string): Promise<TaskCreation>;
}

/** Why a call stays a call: what a keeper says, or `busy` and `draining` of this instance itself. */
export type TaskCreation =
  | { kind: 'created'; task: OwnTask }
  | { kind: 'refused'; reason: TaskRefusal | 'busy' | 'draining' };

/** Why a handler is told to stop: by a client, by the process, because the task has been ended, or has expired. */
type TaskStop = 'cancelled' | 'ending' | 'ended' | 'expired';

/** How a task ends. The bytes are JSON: a result, or a JSON-RPC error. */
type TaskEnding =
  | { status: 'completed'; result: Uint8Array }
  | { status: 'failed'; error: Uint8Array; statusMessage?: string }
  | { status: 'cancelled' };

/** A content larger than a task can hold. */
export class TaskContentTooLargeError extends RangeError {
  override readonly name = 'TaskContentTooLargeError';
}

interface InFlight {
  report: GrantedReport;
  content: Uint8Array;
  settle: () => void;
}

/** The owner's side of one task: it reports one step after the other, each until a keeper has stored it. */
export class OwnTask {
  readonly taskId: string;
  readonly traceId: string;
  /** Resolves when the task has ended here: its ending is stored, or somebody else ended it. */
  readonly over: Promise<void>;
  createdAtMs = 0;
  ttlMs: number;
  readonly #grant: string;
  readonly #maxContentBytes: number;
  readonly #send: (report: GrantedReport, content: Uint8Array) => void;
  readonly #abort = new AbortController();
  readonly #questions = new OpenQuestions();
  readonly #markOver: () => void;
  #step = 0;
  /** What the task began with. */
  statusMessage: string | undefined;
  #cancelSeen = false;
  #stopped: TaskStop | undefined;
  #inFlight: InFlight | undefined;
  #ending: TaskEnding | undefined;
  #isOver = false;
  #reporting: Promise<void> | undefined;
  #dirty = false;
  #refusal: TaskRefusal | undefined;
  #expiry: NodeJS.Timeout | undefined;

  constructor(
    grant: SealedTaskGrant,
    how: { maxContentBytes: number; send: (report: GrantedReport, content: Uint8Array) => void },
  ) {
    this.taskId = grant.taskId;
    this.ttlMs = grant.ttlMs;
    this.traceId = grant.traceId;
    this.#grant = grant.sealed;
    this.#maxContentBytes = how.maxContentBytes;
    this.#send = how.send;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.over = promise;
    this.#markOver = resolve;
  }

  /** Aborted when a client cancels the task, when it is over without its handler, or when the process ends. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Why the signal is aborted; the first reason stays. */
  get stopped(): TaskStop | undefined {
    return this.#stopped;
  }

  async create(statusMessage?: string): Promise<TaskCreation> {
    this.statusMessage = statusMessage;
    this.#expireIn(this.ttlMs);
    await this.#report();
    if (this.createdAtMs !== 0) return { kind: 'created', task: this };
    // Without a word from any keeper its time has passed.
    return { kind: 'refused', reason: this.#refusal ?? 'expired' };
  }

  /**
   * Asks the client; resolves with its answer, which nobody has looked at. The key must never have been used in this task.
   * @throws TaskContentTooLargeError when the open questions are too many; the signal's reason when the task is stopped
   */
  ask(key: string, request: unknown): Promise<unknown> {
    this.signal.throwIfAborted();
    const answer = this.#questions.add(key, request);
    if (this.#questions.encode().length > this.#maxContentBytes) {
      this.#questions.withdraw(key);
      throw new TaskContentTooLargeError('the questions of the task are too large');
    }
    void this.#report();
    return answer;
  }

  /**
   * Ends the task; resolves when the ending is stored, or the task has been ended by somebody else.
   * @throws TaskContentTooLargeError when the result exceeds what a task can hold: nothing has been reported
   */
  async end(ending: TaskEnding): Promise<void> {
    const content = contentOf(ending);
    if (content.length > this.#maxContentBytes)
      throw new TaskContentTooLargeError('the result of the task is too large');
    this.#ending ??= ending;
    await this.#report();
  }

  abort(reason: TaskStop): void {
    this.#stopped ??= reason;
    const message = {
      cancelled: 'The client cancelled the task',
      ending: 'The worker ends',
      ended: 'The task has been ended without its handler',
      expired: 'The time of the task is over',
    }[reason];
    this.#abort.abort(new DOMException(message, reason === 'expired' ? 'TimeoutError' : 'AbortError'));
    this.#questions.dropAll(this.signal.reason);
  }

  /** Takes a keeper's word. */
  hear(news: TaskNews): void {
    if (this.#isOver) return;
    if (news.kind === 'ended') return this.#finish('ended');
    if (news.kind === 'refused') {
      this.#refusal = news.reason;
      return this.#finish('ended');
    }
    if (news.kind === 'stored') this.#confirm(news);
    if (!this.#isOver) this.#take(news);
  }

  #confirm(news: TaskNews & { kind: 'stored' }): void {
    if (news.step !== this.#inFlight?.report.step) return;
    if (news.step === 1) {
      ({ createdAtMs: this.createdAtMs, ttlMs: this.ttlMs } = news);
      this.#expireIn(news.ttlMs);
    }
    this.#inFlight.settle();
    if (isEnding(this.#inFlight.report)) this.#finish('ended');
  }

  #take({ cancelRequested, inputResponses }: ClientWords): void {
    let heard = false;
    if (cancelRequested && !this.#cancelSeen) {
      this.#cancelSeen = heard = true;
      this.abort('cancelled');
    }
    for (const [key, answer] of Object.entries(inputResponses ?? {})) {
      heard = true;
      this.#questions.answer(key, answer);
    }
    // The next report tells the keepers that it was heard; until then they say it again.
    if (heard) void this.#report();
  }

  /** Reports what is now, once what is being reported has been stored. */
  #report(): Promise<void> {
    this.#dirty = true;
    this.#reporting ??= this.#reportAll();
    return this.#reporting;
  }

  async #reportAll(): Promise<void> {
    // What is asked in one breath becomes one report.
    await Promise.resolve();
    while (this.#dirty && !this.#isOver) {
      this.#dirty = false;
      await this.#deliver();
    }
    this.#reporting = undefined;
  }

  /** A step that was sent once never changes: a keeper may have stored it. */
  async #deliver(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { report, content } = this.#nextStep();
    this.#inFlight = { report, content, settle: resolve };
    const delivered = Promise.race([promise.then(() => true), this.over.then(() => true)]);
    for (let waitMs = firstRetryMs; ; waitMs = Math.min(2 * waitMs, lastRetryMs)) {
      this.#trySend(report, content);
      const patience = new AbortController();
      const wait = delay(waitMs, false, { signal: patience.signal }).catch(() => false);
      if (await Promise.race([delivered, wait])) return patience.abort();
    }
  }

  /** A connection that is about to close throws; what is not stored by then, no later send would change. */
  #trySend(report: GrantedReport, content: Uint8Array): void {
    try {
      this.#send(report, content);
    } catch {
      // It is sent again.
    }
  }

  #nextStep(): { report: GrantedReport; content: Uint8Array } {
    const ending = this.#ending;
    const report: TaskReport = { step: ++this.#step, status: ending?.status ?? 'working' };
    const statusMessage = ending?.status === 'failed' ? ending.statusMessage : this.statusMessage;
    if (statusMessage !== undefined && (!ending || ending.status === 'failed')) report.statusMessage = statusMessage;
    if (this.#cancelSeen) report.cancelSeen = true;
    const content = ending ? contentOf(ending) : this.#questions.encode();
    return { report: { ...report, taskId: this.taskId, grant: this.#grant }, content };
  }

  #expireIn(ttlMs: number): void {
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => this.#finish('expired'), ttlMs);
    this.#expiry.unref();
  }

  #finish(reason: 'ended' | 'expired'): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#expiry);
    if (!this.#ending) this.abort(reason);
    this.#markOver();
  }
}

function isEnding({ status }: TaskReport): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

function contentOf(ending: TaskEnding): Uint8Array {
  if (ending.status === 'completed') return ending.result;
  return ending.status === 'failed' ? ending.error : new Uint8Array();
}
