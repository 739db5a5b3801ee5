import type { Principal } from '@gatehouse/protocol';
import { accountKey } from './account-key.ts';

/** For longer than any state is remembered: what an account has used up by then is forgotten by the store, too. */
const periodMs = 45 * 60 * 1000;

/**
 * Bounds how many request states one account may use up on this gateway, genuine or not: each takes a place in a store that
 * has room for a limited number and forgets none before its time.
 */
export class StateAllowance {
  /** How long a place that was taken is held against its account. */
  readonly costMs: number;
  /** By account: when it owes nothing any more. In the order of their last states. */
  readonly #paidAt = new Map<string, number>();

  /** @param maxStates that may be used up at once; as many again within 45 minutes */
  constructor(maxStates: number) {
    this.costMs = Math.ceil(periodMs / maxStates);
  }

  /** False when the account has used up too many lately. */
  take(principal: Principal): boolean {
    const now = performance.now();
    this.#forgetPaid(now);
    const key = accountKey(principal);
    const paidAt = Math.max(now, this.#paidAt.get(key) ?? 0) + this.costMs;
    if (paidAt - now > periodMs + this.costMs / 2) return false;
    this.#paidAt.delete(key);
    this.#paidAt.set(key, paidAt);
    return true;
  }

  /** No place was taken after all. */
  giveBack(principal: Principal): void {
    const key = accountKey(principal);
    const paidAt = this.#paidAt.get(key);
    if (paidAt !== undefined) this.#paidAt.set(key, paidAt - this.costMs);
  }

  #forgetPaid(now: number): void {
    for (const [key, paidAt] of this.#paidAt) {
      if (paidAt > now) return;
      this.#paidAt.delete(key);
    }
  }
}
