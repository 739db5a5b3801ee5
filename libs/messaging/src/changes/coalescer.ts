/** When a coalescer hands over: `delayMs` after the first key, then at most every `intervalMs`. */
interface CoalescerTiming {
  delayMs: number;
  intervalMs: number;
}

/** Collects what changed and hands it over together, so that a burst of changes is told once. */
export class Coalescer<Key> {
  readonly #timing: CoalescerTiming;
  readonly #handOver: (keys: ReadonlySet<Key>) => void;
  #waiting = new Set<Key>();
  #timer: NodeJS.Timeout | undefined;

  constructor(timing: CoalescerTiming, handOver: (keys: ReadonlySet<Key>) => void) {
    this.#timing = timing;
    this.#handOver = handOver;
  }

  add(key: Key): void {
    this.#waiting.add(key);
    this.#timer ??= setTimeout(() => this.#run(), this.#timing.delayMs);
  }

  /** Hands over at once what waits. */
  flush(): void {
    const keys = this.#waiting;
    if (keys.size === 0) return;
    this.#waiting = new Set();
    this.#handOver(keys);
  }

  /** Forgets what waits. */
  close(): void {
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  #run(): void {
    if (this.#waiting.size === 0) {
      this.#timer = undefined;
      return;
    }
    this.#timer = setTimeout(() => this.#run(), this.#timing.intervalMs);
    this.flush();
  }
}
