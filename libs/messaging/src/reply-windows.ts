import { chunkBytes, windowBytes } from './wire.ts';

/** How much of results may be on its way to one gateway in full windows; beyond it calls get one chunk at a time. */
const maxFullWindowBytes = 32 * 1024 * 1024;

/**
 * Decides how much each worker may send of a result before the client has taken any of it. All of it may come at once,
 * through one connection: what a gateway allows must stay below what NATS keeps for a slow reader (`max_pending`).
 */
export class ReplyWindows {
  #grantedBytes = 0;

  /** The window of a new call, in bytes. */
  grant(): number {
    const granted = this.#grantedBytes < maxFullWindowBytes ? windowBytes : chunkBytes;
    this.#grantedBytes += granted;
    return granted;
  }

  release(grantedBytes: number): void {
    this.#grantedBytes -= grantedBytes;
  }
}
