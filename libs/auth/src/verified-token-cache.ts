import { hash } from 'node:crypto';
import type { Principal } from '@gatehouse/protocol';

interface VerifiedToken {
  principal: Principal;
  audience: string;
  generation: number;
  /** Milliseconds since the epoch. */
  validUntil: number;
}

/**
 * Principals of tokens that were verified, by the SHA-256 of the token: a token itself is never kept. Bounded; the one
 * that was used longest ago leaves first.
 */
export class VerifiedTokenCache {
  readonly #maxEntries: number;
  readonly #entries = new Map<string, VerifiedToken>();

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** The principal, if this token was verified for this audience under this generation of keys and is still valid. */
  get(token: string, audience: string, generation: number): Principal | undefined {
    const key = keyOf(token);
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.audience !== audience) return undefined;
    this.#entries.delete(key);
    if (entry.generation !== generation || entry.validUntil <= Date.now()) return undefined;
    this.#entries.set(key, entry);
    return entry.principal;
  }

  set(token: string, entry: VerifiedToken): void {
    if (this.#entries.size >= this.#maxEntries) {
      const oldest = this.#entries.keys().next();
      if (!oldest.done) this.#entries.delete(oldest.value);
    }
    this.#entries.set(keyOf(token), entry);
  }
}

function keyOf(token: string): string {
  return hash('sha256', token, 'base64');
}
