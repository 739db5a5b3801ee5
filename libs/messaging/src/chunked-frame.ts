import type { FinalFrame, FinalFrameInfo } from './call.ts';

/** A final frame that is larger than its window: its chunks come while the ones before them go on. */
export type ChunkedFrame = FinalFrameInfo & { /** Length of the whole message. */ bytes: number; chunks: FrameChunks };

/** A final frame as a gateway gets it: whole, or in chunks when it is too large to wait for. */
export type ReceivedFrame = FinalFrame | ChunkedFrame;

/** Why chunks stopped coming before the last one. */
export type ChunksLoss = 'malformed-frame' | 'instance-died' | 'bus-gone' | 'expired' | 'cancelled' | 'revoked';

/** The rest of a result is lost. What was relayed of it is worth nothing. */
export class ChunksLostError extends Error {
  override readonly name = 'ChunksLostError';
  readonly reason: ChunksLoss;

  constructor(reason: ChunksLoss) {
    super(`the rest of the result is lost: ${reason}`);
    this.reason = reason;
  }
}

/** What the chunks ask of the worker. */
interface ChunkSource {
  /** Lets the worker send up to this byte of the message. */
  openWindow(upToBytes: number): void;
  /** Nobody wants the rest. */
  cancel(): void;
}

/**
 * The chunks of one result, to be iterated once. To ask for the next chunk says that the one before it has gone on: that
 * opens the window at the worker, so that never more than a window waits here.
 */
export class FrameChunks implements AsyncIterable<Uint8Array> {
  readonly #totalBytes: number;
  readonly #windowBytes: number;
  readonly #source: ChunkSource;
  readonly #waiting: Uint8Array[] = [];
  readonly #endListeners: ((loss: ChunksLoss | undefined) => void)[] = [];
  #nextNumber = 0;
  #receivedBytes = 0;
  #drainedBytes = 0;
  #allowedBytes: number;
  #loss: ChunksLoss | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(totalBytes: number, windowBytes: number, source: ChunkSource) {
    this.#totalBytes = totalBytes;
    this.#windowBytes = windowBytes;
    this.#allowedBytes = windowBytes;
    this.#source = source;
  }

  /** Calls `listener` once: when the last chunk has gone on, or when the rest is lost. */
  onEnd(listener: (loss: ChunksLoss | undefined) => void): void {
    this.#endListeners.push(listener);
  }

  /** True when no chunk is missing any more. */
  get received(): boolean {
    return this.#receivedBytes === this.#totalBytes;
  }

  /** Takes a chunk from the bus; false when it is not the next one or more than was allowed. */
  receive(number: number, chunk: Uint8Array): boolean {
    const receivedBytes = this.#receivedBytes + chunk.length;
    if (number !== this.#nextNumber || chunk.length === 0 || receivedBytes > this.#allowedBytes) return false;
    if (receivedBytes > this.#totalBytes) return false;
    this.#nextNumber++;
    this.#receivedBytes = receivedBytes;
    // A chunk is a view of what was read from the socket, which may be much larger: it must not wait with it.
    this.#waiting.push(this.#waiting.length === 0 ? chunk : new Uint8Array(chunk));
    this.#wake?.();
    return true;
  }

  /** No further chunk will come. */
  lose(loss: ChunksLoss): void {
    if (this.#ended || this.received) return;
    this.#waiting.length = 0;
    this.#end(loss);
    this.#wake?.();
  }

  /** The reader has gone: the worker need not send the rest. */
  cancel(): void {
    if (this.#ended) return;
    if (!this.received) this.#source.cancel();
    this.#waiting.length = 0;
    this.#end('cancelled');
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        const chunk = this.#waiting.shift();
        if (chunk !== undefined) {
          yield chunk;
          this.#drain(chunk.length);
        } else if (this.#loss !== undefined) throw new ChunksLostError(this.#loss);
        else if (this.#drainedBytes === this.#totalBytes) return this.#end(undefined);
        else await this.#nextChange();
      }
    } finally {
      this.cancel();
    }
  }

  /** Asks for more once a quarter of the window has gone on: a control message for each chunk would say little more. */
  #drain(bytes: number): void {
    this.#drainedBytes += bytes;
    const allowedBytes = Math.min(this.#drainedBytes + this.#windowBytes, this.#totalBytes);
    const isDue = allowedBytes === this.#totalBytes || allowedBytes - this.#allowedBytes >= this.#windowBytes / 4;
    if (!isDue || allowedBytes <= this.#allowedBytes) return;
    this.#allowedBytes = allowedBytes;
    this.#source.openWindow(allowedBytes);
  }

  async #nextChange(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  #end(loss: ChunksLoss | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#loss = loss;
    for (const listener of this.#endListeners) listener(loss);
  }
}

/**
 * The whole of a frame, for who cannot do with less.
 * @throws ChunksLostError; RangeError when it is larger than `maxBytes`
 */
export async function collectFrame(frame: ReceivedFrame, maxBytes: number): Promise<FinalFrame> {
  if (!('chunks' in frame)) return frame;
  const { bytes, chunks, ...info } = frame;
  if (bytes > maxBytes) {
    chunks.cancel();
    throw new RangeError(`a frame of ${bytes} bytes is too large to be collected`);
  }
  const body = Buffer.allocUnsafe(bytes);
  let offset = 0;
  for await (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return { ...info, body };
}
