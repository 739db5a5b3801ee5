import type { Principal } from '@gatehouse/protocol';
import type { TraceCarrier } from '@gatehouse/runtime';
import type { IncomingCall } from './call.ts';
import type { TaskOffer } from './tasks/own-task.ts';
import type { CallHeader } from './wire.ts';
import { readerPatienceMs, windowBytes } from './wire.ts';

/** One call at the worker, from its arrival to its final frame. */
export class RunningCall implements IncomingCall {
  readonly callId: string;
  readonly replySubject: string;
  readonly tenant: string;
  readonly server: string;
  readonly digest: string;
  readonly method: string;
  readonly name: string;
  readonly principal: Principal;
  readonly traceId?: string;
  trace?: TraceCarrier;
  readonly body: Uint8Array;
  readonly task?: TaskOffer;
  deadlineMs: number;
  /** How much of the result may be sent before the gateway asks for more. */
  readonly windowBytes: number;
  /** True once nobody waits for an answer any more. */
  cancelled = false;
  readonly #timeoutMs: number;
  readonly #latestDeadlineMs: number;
  readonly #send: (kind: 'notification' | 'progress', body: Uint8Array) => void;
  #abort: AbortController | undefined;
  #abortReason: DOMException | undefined;
  #ended = false;

  constructor(
    at: { replySubject: string; tenant: string; server: string; task?: TaskOffer | undefined },
    header: CallHeader,
    principal: Principal,
    body: Uint8Array,
    send: (kind: 'notification' | 'progress', body: Uint8Array) => void,
  ) {
    this.callId = at.replySubject.slice(at.replySubject.lastIndexOf('.') + 1);
    this.replySubject = at.replySubject;
    this.tenant = at.tenant;
    this.server = at.server;
    this.digest = header.digest;
    this.method = header.method;
    this.name = header.name;
    this.principal = principal;
    if (header.traceId !== undefined) this.traceId = header.traceId;
    if (header.trace !== undefined) this.trace = header.trace;
    this.body = body;
    if (at.task) this.task = at.task;
    // By the worker's own clock, so that two clocks which disagree neither cut a call short nor prolong it.
    const now = Date.now();
    this.#timeoutMs = header.timeoutMs;
    this.#latestDeadlineMs = now + header.maxCallMs;
    this.deadlineMs = now + Math.min(header.timeoutMs, header.maxCallMs);
    this.windowBytes = header.windowBytes ?? windowBytes;
    this.#send = send;
  }

  /** The result waits for its reader: whoever takes some of it now and then may take as long as a call may last. */
  awaitReader(): void {
    this.deadlineMs = Math.min(Date.now() + Math.max(this.#timeoutMs, readerPatienceMs), this.#latestDeadlineMs);
  }

  /** Made on first use: most calls end before anybody asks. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#abortReason) this.#abort.abort(this.#abortReason);
    return this.#abort.signal;
  }

  notify(body: Uint8Array): void {
    if (this.#ended || this.cancelled) return;
    const progress = isProgress(body);
    if (progress) this.deadlineMs = Math.min(Date.now() + this.#timeoutMs, this.#latestDeadlineMs);
    this.#send(progress ? 'progress' : 'notification', body);
  }

  get aborted(): boolean {
    return this.#abortReason !== undefined;
  }

  /** Tells the handler to stop; the first reason stays. */
  abort(reason: 'cancelled' | 'deadline' | 'ending'): void {
    if (this.#abortReason) return;
    this.#abortReason =
      reason === 'deadline'
        ? new DOMException('The deadline of the call has passed', 'TimeoutError')
        : new DOMException(reason === 'cancelled' ? 'The caller cancelled the call' : 'The worker ends', 'AbortError');
    this.#abort?.abort(this.#abortReason);
  }

  end(): void {
    this.#ended = true;
  }
}

function isProgress(body: Uint8Array): boolean {
  try {
    const { method } = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString()) as {
      method: unknown;
    };
    return method === 'notifications/progress';
  } catch {
    return false;
  }
}
