import type { IncomingMessage } from 'node:http';

/** Bodies up to this size are too small to be counted: what bounds them is how many requests there are. */
const uncountedBytes = 64 * 1024;
const maxBytesPerAccount = 64 * 1024 * 1024;
const maxBytes = 256 * 1024 * 1024;

/**
 * Bounds the memory for large bodies, from before one is read until its request is answered: of all requests together, and of
 * one account a quarter of that, so that nobody takes it from the others.
 */
export class RequestMemory {
  readonly #bytes = new Map<string, number>();
  #total = 0;

  /** Takes room for the body of a request; returns how to give it back, undefined when there is none. */
  take(account: string, bytes: number): (() => void) | undefined {
    if (bytes <= uncountedBytes) return nothing;
    const before = this.#bytes.get(account) ?? 0;
    if (before + bytes > maxBytesPerAccount || this.#total + bytes > maxBytes) return undefined;
    this.#bytes.set(account, before + bytes);
    this.#total += bytes;
    return () => this.#release(account, bytes);
  }

  #release(account: string, bytes: number): void {
    const left = (this.#bytes.get(account) ?? bytes) - bytes;
    if (left === 0) this.#bytes.delete(account);
    else this.#bytes.set(account, left);
    this.#total -= bytes;
  }
}

/** What a body may come to: as many bytes as it says, or the most that any may have when it does not say. */
export function announcedBytes({ headers }: IncomingMessage, most: number): number {
  const { 'content-length': length, 'transfer-encoding': coding } = headers;
  return length === undefined ? (coding === undefined ? 0 : most) : Math.min(Number(length), most);
}

function nothing(): void {}
