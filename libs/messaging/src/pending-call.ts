import type { Principal } from '@gatehouse/protocol';
import type { CallOutcome, CallRequest, FinalFrameInfo } from './call.ts';
import { collectFrame, FrameChunks } from './chunked-frame.ts';
import type { ChunkedFrame, ChunksLoss } from './chunked-frame.ts';
import type { InstanceAddress } from './subjects.ts';
import type { FrameHeader } from './wire.ts';
import { readerPatienceMs } from './wire.ts';

/** What a call says to its worker beside the call itself. */
export interface CallControl {
  cancel(call: PendingCall): void;
  openWindow(call: PendingCall, upToBytes: number): void;
  /** The call is over: no frame of it is expected any more. */
  forget(call: PendingCall): void;
}

/** One call that waits for its answer at the gateway, or for the chunks of its answer. */
export class PendingCall {
  #slot = -1;
  #callId = '';
  #replySubject = '';
  /** Order of publishing; beyond all numbers as long as the call has not been published. */
  sequence = Number.POSITIVE_INFINITY;
  readonly to: InstanceAddress;
  readonly principal: Principal;
  /** Milliseconds since the epoch; moved by progress. */
  deadlineMs: number;
  /** How much of the result may come before any of it has gone on. */
  readonly windowBytes: number;
  readonly #timeoutMs: number;
  readonly #latestDeadlineMs: number;
  readonly #control: CallControl;
  readonly #onNotification: (body: Uint8Array) => void;
  readonly #resolve: (outcome: CallOutcome) => void;
  #asked = false;
  #chunks: FrameChunks | undefined;
  #signal: AbortSignal | undefined;

  constructor(
    to: InstanceAddress,
    windowBytes: number,
    request: CallRequest,
    control: CallControl,
    onNotification: (body: Uint8Array) => void,
    resolve: (outcome: CallOutcome) => void,
  ) {
    const now = Date.now();
    this.to = to;
    this.principal = request.principal;
    this.windowBytes = windowBytes;
    this.deadlineMs = now + Math.min(request.timeoutMs, request.maxCallMs);
    this.#timeoutMs = request.timeoutMs;
    this.#latestDeadlineMs = now + request.maxCallMs;
    this.#control = control;
    this.#onNotification = onNotification;
    this.#resolve = resolve;
  }

  /** Its place among the calls that wait, and the names that follow from it. */
  identify(slot: number, callId: string, replySubject: string): void {
    this.#slot = slot;
    this.#callId = callId;
    this.#replySubject = replySubject;
  }

  get slot(): number {
    return this.#slot;
  }

  get callId(): string {
    return this.#callId;
  }

  get replySubject(): string {
    return this.#replySubject;
  }

  cancelOn(signal: AbortSignal): void {
    this.#signal = signal;
    signal.addEventListener('abort', this.#cancel);
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
      case 'chunk':
        return this.#receiveChunk(header.number, body);
      default:
        if (header.bytes === undefined) return this.end({ kind: 'answered', frame: { ...header, body } });
        return this.#receiveFirstChunk(header, header.bytes, body);
    }
  }

  /** True once: the deadline has passed and the worker is asked to end the call and to say so if it never ran. */
  askForConfirmation(): boolean {
    if (this.#asked) return false;
    this.#asked = true;
    return true;
  }

  end(outcome: CallOutcome): void {
    this.#control.forget(this);
    this.#signal?.removeEventListener('abort', this.#cancel);
    this.#chunks?.lose(lossOf(outcome));
    this.#resolve(outcome);
  }

  readonly #cancel = (): void => {
    this.#control.cancel(this);
    this.end({ kind: 'cancelled' });
  };

  /**
   * A result that fits into the window comes without further ado, and is waited for: as long as nothing of it has gone
   * on, its loss can still be told. Of a larger one the chunks go on as they come.
   */
  #receiveFirstChunk(info: FinalFrameInfo, bytes: number, body: Uint8Array): void {
    if (this.#chunks) return this.end({ kind: 'lost', reason: 'malformed-frame' });
    // The worker has been told to stop: of what does not fit into the window the rest would never come.
    if (this.#asked && bytes > this.windowBytes) return this.end({ kind: 'expired' });
    const { kind, resultType, isError, errorCode } = info;
    const chunks = new FrameChunks(bytes, this.windowBytes, {
      openWindow: (upToBytes) => {
        this.#awaitReader();
        this.#control.openWindow(this, upToBytes);
      },
      cancel: this.#cancel,
    });
    this.#chunks = chunks;
    const frame: ChunkedFrame = {
      kind,
      ...(resultType === undefined ? {} : { resultType }),
      ...(isError === undefined ? {} : { isError }),
      ...(errorCode === undefined ? {} : { errorCode }),
      bytes,
      chunks,
    };
    if (bytes > this.windowBytes) {
      this.#awaitReader();
      this.#resolve({ kind: 'answered', frame });
    } else {
      collectFrame(frame, bytes).then(
        (whole) => this.#resolve({ kind: 'answered', frame: whole }),
        () => {}, // `end` has told what became of the call
      );
    }
    this.#receiveChunk(0, body);
  }

  #receiveChunk(number: number, body: Uint8Array): void {
    if (!this.#chunks?.receive(number, body)) return this.end({ kind: 'lost', reason: 'malformed-frame' });
    if (!this.#chunks.received) return;
    this.#control.forget(this);
    this.#signal?.removeEventListener('abort', this.#cancel);
  }

  /** A reader that takes some of it now and then gets its result, however slow it is, within the ceiling of a call. */
  #awaitReader(): void {
    const patienceMs = Math.max(this.#timeoutMs, readerPatienceMs);
    this.deadlineMs = Math.min(Date.now() + patienceMs, this.#latestDeadlineMs);
  }
}

function lossOf(outcome: CallOutcome): ChunksLoss {
  if (outcome.kind === 'lost') return outcome.reason;
  const { kind } = outcome;
  return kind === 'expired' || kind === 'cancelled' || kind === 'revoked' ? kind : 'malformed-frame';
}
