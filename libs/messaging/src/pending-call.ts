import type { CallOutcome, CallRequest } from './call.ts';
import type { InstanceAddress } from './subjects.ts';
import type { FrameHeader } from './wire.ts';

/** One call that waits for its answer at the gateway. */
export class PendingCall {
  readonly callId: string;
  /** Order of publishing; beyond all numbers as long as the call has not been published. */
  sequence = Number.POSITIVE_INFINITY;
  readonly to: InstanceAddress;
  /** Milliseconds since the epoch; moved by progress. */
  deadlineMs: number;
  onEnd: () => void = () => {};
  readonly #timeoutMs: number;
  readonly #latestDeadlineMs: number;
  readonly #onNotification: (body: Uint8Array) => void;
  readonly #resolve: (outcome: CallOutcome) => void;
  #asked = false;
  #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined;

  constructor(
    callId: string,
    to: InstanceAddress,
    request: CallRequest,
    onNotification: (body: Uint8Array) => void,
    resolve: (outcome: CallOutcome) => void,
  ) {
    const now = Date.now();
    this.callId = callId;
    this.to = to;
    this.deadlineMs = now + Math.min(request.timeoutMs, request.maxCallMs);
    this.#timeoutMs = request.timeoutMs;
    this.#latestDeadlineMs = now + request.maxCallMs;
    this.#onNotification = onNotification;
    this.#resolve = resolve;
  }

  cancelOn(signal: AbortSignal, cancelAtWorker: () => void): void {
    this.#signal = signal;
    this.#onAbort = () => {
      cancelAtWorker();
      this.end({ kind: 'cancelled' });
    };
    signal.addEventListener('abort', this.#onAbort);
  }

  receive(header: FrameHeader, body: Uint8Array): void {
    switch (header.kind) {
      case 'progress':
        if (!this.#asked) this.deadlineMs = Math.min(Date.now() + this.#timeoutMs, this.#latestDeadlineMs);
        return this.#onNotification(body);
      case 'notification':
        return this.#onNotification(body);
      case 'refused':
        return this.end({ kind: 'refused', reason: header.reason });
      case 'result-too-large':
        return this.end({ kind: 'result-too-large' });
      default:
        return this.end({ kind: 'answered', frame: { ...header, body } });
    }
  }

  /** True once: the deadline has passed and the worker is asked to end the call and to say so if it never ran. */
  askForConfirmation(): boolean {
    if (this.#asked) return false;
    this.#asked = true;
    return true;
  }

  end(outcome: CallOutcome): void {
    this.onEnd();
    if (this.#onAbort) this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#resolve(outcome);
  }
}
