import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** How a gateway answered one request. */
export interface Exchange {
  /** `timeout` when neither an answer nor the end of the connection came in time. */
  kind: 'answered' | 'closed' | 'timeout';
  /** 0 when there was none. */
  status: number;
  contentType: string;
  body: string;
  tookMs: number;
}

/** After this long without an answer a request counts as incomplete, and nothing follows. */
const patienceMs = 100;

/** Longest wait for an answer: beyond it the gateway hangs. */
export const hangMs = 5_000;

/**
 * A connection on which requests go out as bytes, one at a time. It understands as much of HTTP as is needed to see the
 * end of an answer.
 */
export class Wire {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #onChange: () => void = () => {};
  #closed = false;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk as Buffer]);
      this.#onChange();
    });
    this.#socket.on('error', () => {});
    for (const event of ['end', 'close']) {
      this.#socket.on(event, () => {
        this.#closed = true;
        this.#onChange();
      });
    }
  }

  /**
   * Sends bytes and waits for one answer.
   * @param isLast whether nothing follows, so that an incomplete request is seen to be one
   */
  exchange(bytes: Buffer, isLast: boolean): Promise<Exchange> {
    const startedAt = performance.now();
    return new Promise((resolve) => {
      const finish = (kind: Exchange['kind'], answer: Partial<Exchange> = {}) => {
        clearTimeout(timer);
        clearTimeout(last);
        this.#received = Buffer.alloc(0);
        this.#onChange = () => {};
        resolve({ kind, status: 0, contentType: '', body: '', ...answer, tookMs: performance.now() - startedAt });
      };
      const timer = setTimeout(() => finish('timeout', { body: this.#received.toString('latin1') }), hangMs);
      // At once, the gateway would take the end of the connection for the end of the client's interest.
      const last = isLast ? setTimeout(() => this.#socket.end(), patienceMs) : undefined;
      this.#onChange = () => {
        const answer = readAnswer(this.#received, this.#closed);
        if (answer !== undefined) finish('answered', answer);
        else if (this.#closed) finish('closed', { body: this.#received.toString('latin1') });
      };
      this.#onChange();
      if (this.#socket.writable) this.#socket.write(bytes);
    });
  }

  /** False once nothing more can be asked on it. */
  get isOpen(): boolean {
    return !this.#closed;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** The first whole answer; undefined as long as more must come. */
function readAnswer(received: Buffer, closed: boolean): Partial<Exchange> | undefined {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const head = received.toString('latin1', 0, headEnd);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? 0);
  const rest = received.subarray(headEnd + 4);
  if (status === 100) return readAnswer(rest, closed);
  const contentType = /^content-type: (.*)$/im.exec(head)?.[1] ?? '';
  const answer = (body: Buffer) => ({ status, contentType, body: body.toString() });
  if (status === 204 || status === 304) return answer(Buffer.alloc(0));
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  if (length !== undefined) {
    // The answer to HEAD has a length and no body: nobody waits for it.
    return rest.length >= Number(length) || closed ? answer(rest) : undefined;
  }
  // A stream of events has answered with its first event; a subscription has no other.
  const isStream = contentType.startsWith('text/event-stream');
  const isWhole = isStream ? rest.includes('\n\n') : rest.includes('0\r\n\r\n') && isChunked(head);
  return isWhole || closed ? answer(rest) : undefined;
}

function isChunked(head: string): boolean {
  return /^transfer-encoding: chunked$/im.test(head);
}
