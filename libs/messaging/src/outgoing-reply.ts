import type { FinalFrame } from './call.ts';
import type { FrameHeader } from './wire.ts';

/** Sends one message on the reply subject of a call. */
export type SendFrame = (header: FrameHeader, body: Uint8Array) => void;

/** One result on its way to the gateway in numbered chunks, never further than the gateway's window. */
export class OutgoingReply {
  readonly totalBytes: number;
  readonly #frame: FinalFrame;
  readonly #chunkBytes: number;
  readonly #send: SendFrame;
  #sentBytes = 0;
  #number = 0;

  constructor(frame: FinalFrame, chunkBytes: number, send: SendFrame) {
    this.#frame = frame;
    this.totalBytes = frame.body.length;
    this.#chunkBytes = chunkBytes;
    this.#send = send;
  }

  get complete(): boolean {
    return this.#sentBytes === this.totalBytes;
  }

  /** Sends what fits before `upToBytes`; chunks are whole, so that a narrow window makes no small ones. */
  sendUpTo(upToBytes: number): void {
    for (;;) {
      const end = Math.min(this.#sentBytes + this.#chunkBytes, this.totalBytes);
      if (this.complete || end > upToBytes) return;
      const { body, ...info } = this.#frame;
      const header: FrameHeader =
        this.#number === 0 ? { ...info, bytes: this.totalBytes } : { kind: 'chunk', number: this.#number };
      this.#send(header, body.subarray(this.#sentBytes, end));
      this.#number++;
      this.#sentBytes = end;
    }
  }
}
