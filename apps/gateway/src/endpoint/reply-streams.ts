import { Slots } from '@gatehouse/runtime';

/** What one sweep looks at: heartbeats, stalls and silence of one answer. */
interface SweptStream {
  /** Its place among the others; -1 when it has none. */
  slot: number;
  /** Whose it is; empty where nobody is known yet. */
  readonly account: string;
  /** Bytes that its reader has not taken yet. */
  readonly waitingBytes: number;
  sweep(now: number): void;
}

/** How exact the times of an answer are. */
const sweepIntervalMs = 500;

/** Answers that their readers have not taken: of all together, and of one account. Beyond it nobody gets a new one made. */
const maxWaitingBytes = 128 * 1024 * 1024;
const maxWaitingBytesPerAccount = 32 * 1024 * 1024;

/**
 * The answers of this process that last. One timer looks after all of them: a timer for each would cost ten thousand idle
 * listeners more than everything else they hold.
 */
export class ReplyStreams {
  readonly #lasting = new Slots<SweptStream>();
  #timer: NodeJS.Timeout | undefined;
  #waitingBytes = 0;
  #waitingBytesOfAccounts = new Map<string, number>();

  /** Answers that wait for a worker, a reader or an event. */
  get size(): number {
    return this.#lasting.size;
  }

  /** True when so much waited for readers at the last sweep, for those of this account or for all, that no more may. */
  isFull(account: string): boolean {
    return (
      this.#waitingBytes > maxWaitingBytes ||
      (this.#waitingBytesOfAccounts.get(account) ?? 0) > maxWaitingBytesPerAccount
    );
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
    const ofAccounts = new Map<string, number>();
    for (const stream of this.#lasting) {
      stream.sweep(now);
      const { account, waitingBytes } = stream;
      if (waitingBytes === 0) continue;
      ofAccounts.set(account, (ofAccounts.get(account) ?? 0) + waitingBytes);
    }
    this.#waitingBytesOfAccounts = ofAccounts;
    this.#waitingBytes = 0;
    // What one account got beyond its share between two sweeps is not to be paid by others.
    for (const bytes of ofAccounts.values()) this.#waitingBytes += Math.min(bytes, maxWaitingBytesPerAccount);
    if (this.#lasting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function sweepStreams(streams: ReplyStreams): void {
  streams.sweep();
}
