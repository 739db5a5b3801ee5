/** Too much is being read for a read to come to its turn in time. It has not begun. */
export class TaskReadsBusyError extends Error {
  override readonly name = 'TaskReadsBusyError';

  constructor() {
    super('too many tasks are being read');
  }
}

interface WaitingRead {
  bytes: number;
  begin: () => void;
}

/**
 * Bounds the bytes that reads bring in at the same time: NATS cuts a connection off that too much waits for. What does not
 * fit waits. Readers take turns, and the reads of one are begun in their order, so that none keeps others waiting for
 * more than the read before theirs.
 */
export class ReadBudget {
  readonly #maxBytes: number;
  readonly #maxWaitMs: number;
  readonly #maxWaitingPerReader: number;
  #bytesInFlight = 0;
  /** By reader, in the order of their turns. */
  readonly #waiting = new Map<string, Set<WaitingRead>>();

  constructor(limits: { maxBytes: number; maxWaitMs: number; maxWaitingPerReader: number }) {
    this.#maxBytes = limits.maxBytes;
    this.#maxWaitMs = limits.maxWaitMs;
    this.#maxWaitingPerReader = limits.maxWaitingPerReader;
  }

  /**
   * Reads when there is room for so many bytes.
   * @throws TaskReadsBusyError without reading, when its turn does not come in time
   */
  async read<Result>(reader: string, bytes: number, read: () => Promise<Result>): Promise<Result> {
    // What is larger than everything has everything for itself.
    const cost = Math.min(bytes, this.#maxBytes);
    if (this.#waiting.size === 0 && this.#fits(cost)) this.#bytesInFlight += cost;
    else await this.#wait(reader, cost);
    try {
      return await read();
    } finally {
      this.#bytesInFlight -= cost;
      this.#beginNext();
    }
  }

  #wait(reader: string, bytes: number): Promise<void> {
    const queue = this.#waiting.get(reader) ?? new Set<WaitingRead>();
    if (queue.size >= this.#maxWaitingPerReader) return Promise.reject(new TaskReadsBusyError());
    this.#waiting.set(reader, queue);
    return new Promise((resolve, reject) => {
      const overdue = setTimeout(() => {
        queue.delete(waiting);
        if (queue.size === 0) this.#waiting.delete(reader);
        reject(new TaskReadsBusyError());
        this.#beginNext();
      }, this.#maxWaitMs);
      const begin = () => {
        clearTimeout(overdue);
        resolve();
      };
      const waiting: WaitingRead = { bytes, begin };
      queue.add(waiting);
    });
  }

  /** Nobody is passed over for being large: it would wait for ever. */
  #beginNext(): void {
    for (const [reader, queue] of this.#waiting) {
      const [next] = queue;
      if (next && !this.#fits(next.bytes)) return;
      this.#waiting.delete(reader);
      if (!next) continue;
      queue.delete(next);
      // To the end of the line, where this loop comes to it again.
      if (queue.size > 0) this.#waiting.set(reader, queue);
      this.#bytesInFlight += next.bytes;
      next.begin();
    }
  }

  #fits(bytes: number): boolean {
    return this.#bytesInFlight + bytes <= this.#maxBytes;
  }
}
