import { Slots } from '@gatehouse/runtime';

/** What one sweep looks at: heartbeats, stalls and silence of one answer. */
interface SweptStream {
  /** Its place among the others; -1 when it has none. */
  slot: number;
  /** Bytes that its reader has not taken yet. */
  readonly waitingBytes: number;
  sweep(now: number): void;
}

/** How exact the times of an answer are. */
const sweepIntervalMs = 500;

/**
 * The answers of this process that last. One timer looks after all of them: a timer for each would cost ten thousand idle
 * listeners more than everything else they hold.
 */
export class ReplyStreams {
  readonly #lasting = new Slots<SweptStream>();
  #timer: NodeJS.Timeout | undefined;
  #waitingBytes = 0;

  /** Answers that wait for a worker, a reader or an event. */
  get size(): number {
    return this.#lasting.size;
  }

  /** Bytes of all answers that their readers had not taken at the last sweep. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  add(stream: SweptStream): void {
    if (stream.slot === -1) stream.slot = this.#lasting.add(stream);
    if (this.#timer === undefined) {
      this.#timer = setInterval(sweepStreams, sweepIntervalMs, this);
      this.#timer.unref();
    }
  }

  delete(stream: SweptStream): void {
    if (this.#lasting.delete(stream.slot, stream)) stream.slot = -1;
  }

  sweep(): void {
    const now = Date.now();
    let waitingBytes = 0;
    for (const stream of this.#lasting) {
      stream.sweep(now);
      waitingBytes += stream.waitingBytes;
    }
    this.#waitingBytes = waitingBytes;
    if (this.#lasting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function sweepStreams(streams: ReplyStreams): void {
  streams.sweep();
}
