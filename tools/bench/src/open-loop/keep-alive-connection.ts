import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

const headEnd = Buffer.from('\r\n\r\n');
const receiveBytes = 16 * 1024;
const noBytes = Buffer.alloc(0);

/** One answer, as far as a load generator looks at it. */
export interface Answer {
  status: number;
  /** With its head. */
  bytes: number;
}

/** One HTTP/1.1 connection that sends prepared bytes, one request at a time, and finds where an answer ends. */
export class KeepAliveConnection {
  readonly #socket: Socket;
  #received: Buffer = noBytes;
  #onAnswer: ((answer: Answer | Error) => void) | undefined;

  private constructor(host: string, port: number) {
    // Node reads into this one buffer: no stream between, and nothing to collect.
    const buffer = Buffer.allocUnsafe(receiveBytes);
    const onread = {
      buffer,
      callback: (bytes: number) => {
        this.#take(buffer.subarray(0, bytes));
        return true;
      },
    };
    this.#socket = connect({ host, port, noDelay: true, onread });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  static async open(host: string, port: number): Promise<KeepAliveConnection> {
    const connection = new KeepAliveConnection(host, port);
    await once(connection.#socket, 'connect');
    return connection;
  }

  /** Sends one request; `onAnswer` hears its end once, and then the connection is free again unless it was an error. */
  send(request: Buffer, onAnswer: (answer: Answer | Error) => void): void {
    this.#onAnswer = onAnswer;
    this.#socket.write(request);
  }

  close(): void {
    this.#onAnswer = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    const received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const answer = readAnswer(received);
    if (answer === undefined) {
      this.#received = Buffer.from(received);
      return;
    }
    if (answer instanceof Error) {
      this.#fail(answer);
      this.#socket.destroy();
      return;
    }
    this.#received = noBytes;
    this.#finish(answer);
  }

  #fail(error: Error): void {
    this.#finish(error);
  }

  #finish(answer: Answer | Error): void {
    const onAnswer = this.#onAnswer;
    this.#onAnswer = undefined;
    onAnswer?.(answer);
  }
}

/** The answer at the beginning of `bytes` when all of it is there; an error when its end cannot be told. */
export function readAnswer(bytes: Buffer): Answer | Error | undefined {
  const headBytes = bytes.indexOf(headEnd);
  if (headBytes === -1) return undefined;
  const head = bytes.toString('latin1', 0, headBytes + 2);
  const length = /\r\ncontent-length: *(\d+) *\r\n/i.exec(head)?.[1];
  if (length === undefined) return new Error(`an answer without content-length: ${head.slice(0, 200)}`);
  const total = headBytes + headEnd.length + Number(length);
  return bytes.length < total ? undefined : { status: Number(head.slice(9, 12)), bytes: total };
}
