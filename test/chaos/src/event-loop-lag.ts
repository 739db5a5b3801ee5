import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 10;

/**
 * How late this very process gets to its work. On a busy machine a caller reads the clock late: that much, and no more,
 * is the caller's own and not the product's.
 */
export class EventLoopLag {
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs });

  constructor() {
    this.#histogram.enable();
  }

  /** The longest delay since the last reset, in milliseconds. */
  get maxMs(): number {
    return Math.max(0, this.#histogram.max / 1e6 - resolutionMs);
  }

  reset(): void {
    this.#histogram.reset();
  }

  close(): void {
    this.#histogram.disable();
  }
}
