import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests that may wait on one connection before no more of it is read. */
const maxWaiting = 16;

/**
 * Takes the requests of one connection one at a time. RFC 9112 §9.3.2 lets pipelined requests run side by side only if all
 * of them are safe, which a POST is not; and the answers of many that did would wait here for the first one's reader.
 */
export class Pipeline {
  readonly #waiting = new WeakMap<Socket, number>();

  /** Calls `handle` when it is this request's turn; never, when the connection ends before. */
  take(request: IncomingMessage, response: ServerResponse, handle: () => void): void {
    // node:http gives a response its socket when the one before it is complete.
    if (response.socket !== null) return handle();
    const { socket } = request;
    this.#count(socket, 1);
    response.once('socket', () => {
      this.#count(socket, -1);
      handle();
    });
  }

  #count(socket: Socket, change: 1 | -1): void {
    const waiting = (this.#waiting.get(socket) ?? 0) + change;
    this.#waiting.set(socket, waiting);
    if (change === 1 && waiting >= maxWaiting) socket.pause();
    else if (change === -1 && waiting === maxWaiting - 1) socket.resume();
  }
}
