/** Notifications that one call may send at once, and how many more with every second. */
const burst = 100;
const perSecond = 50;

/**
 * Limits the notifications of one call; what exceeds the rate is dropped (MCP 2026-07-28 Progress §Implementation Notes and
 * Logging §Implementation Considerations ask for a limit).
 */
export class NotificationRate {
  #left = burst;
  #at = performance.now();

  /** True when one more may go out now. */
  take(): boolean {
    const now = performance.now();
    this.#left = Math.min(burst, this.#left + ((now - this.#at) / 1_000) * perSecond);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
