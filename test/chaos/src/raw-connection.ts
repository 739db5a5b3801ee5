import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** A TCP connection to a gateway on which anything may be written. */
export class RawConnection {
  readonly #socket: Socket;
  #received = '';
  readonly openedAt = performance.now();
  /** When the gateway ended it, by `performance.now()`; undefined as long as it has not. */
  closedAt: number | undefined;
  /** Resolves when the gateway has ended it, in whatever way. */
  readonly closed: Promise<void>;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (chunk) => {
      this.#received += chunk.toString('latin1');
    });
    this.#socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      const end = () => {
        this.closedAt ??= performance.now();
        resolve();
      };
      this.#socket.once('end', end);
      this.#socket.once('close', end);
    });
  }

  /** What came back so far, one character per byte. */
  get received(): string {
    return this.#received;
  }

  /** Status codes of the answers so far, in their order. */
  get statuses(): number[] {
    return [...this.#received.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
  }

  write(text: string): void {
    if (this.#socket.writable) this.#socket.write(text, 'latin1');
  }

  /** Writes piece after piece until there are none or the gateway ends it. */
  async drip(pieces: Iterable<string>, everyMs: number): Promise<void> {
    for (const piece of pieces) {
      if (this.closedAt !== undefined) return;
      this.write(piece);
      await new Promise((resolve) => {
        setTimeout(resolve, everyMs);
      });
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
