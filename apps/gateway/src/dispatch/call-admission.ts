import type { Principal } from '@gatehouse/protocol';
import { accountKey } from './account-key.ts';

/** One admitted call. Its place is free when its answer is out and its worker is done with it. */
class CallPermit {
  #holders = 2;
  readonly #free: () => void;

  constructor(free: () => void) {
    this.#free = free;
  }

  /** To be called by the one who waits for the worker, and by the one who writes to the client. */
  release(): void {
    this.#holders--;
    if (this.#holders === 0) this.#free();
  }
}

/** Bounds what one principal has in flight, so that its calls cannot take every worker and all memory. */
export class CallAdmission {
  readonly #maxCallsPerPrincipal: number;
  readonly #calls = new Map<string, number>();

  constructor(maxCallsPerPrincipal: number) {
    this.#maxCallsPerPrincipal = maxCallsPerPrincipal;
  }

  /** A place for one more call of this principal; undefined when it has too many in flight. */
  admit(principal: Principal): CallPermit | undefined {
    const key = accountKey(principal);
    const calls = this.#calls.get(key) ?? 0;
    if (calls >= this.#maxCallsPerPrincipal) return undefined;
    this.#calls.set(key, calls + 1);
    return new CallPermit(() => this.#free(key));
  }

  #free(key: string): void {
    const calls = (this.#calls.get(key) ?? 1) - 1;
    if (calls === 0) this.#calls.delete(key);
    else this.#calls.set(key, calls);
  }
}
