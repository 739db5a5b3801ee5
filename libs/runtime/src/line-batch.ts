import { write, writeSync } from 'node:fs';

/** Lines are written when so much of them has come together, or so long after the first of them. */
const batchLength = 64 * 1_024;
const batchMs = 200;
/** How soon a pipe that is full is tried again. */
const fullPipeMs = 10;
const stdout = 1;

/**
 * Standard output for log lines, many with one system call. A call for each line was 7 % of a gateway's time under load
 * (docs/decisions/0022). Only a kill -9 loses what waits.
 */
export class LineBatch {
  #lines: string[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Batches in their order; the first one is being written. */
  readonly #batches: Buffer[] = [];
  #writing = false;
  readonly #flushed: (() => void)[] = [];

  constructor() {
    process.on('exit', () => this.#writeAtExit());
  }

  write(line: string): void {
    this.#length += line.length;
    if (this.#lines.push(line) === 1) this.#timer = setTimeout(() => this.#pass(), batchMs).unref();
    if (this.#length >= batchLength) this.#pass();
  }

  /** Writes what waits; calls `callback` when all of it is out. */
  flush(callback: () => void = () => {}): void {
    this.#flushed.push(callback);
    this.#pass();
  }

  #pass(): void {
    this.#collect();
    if (!this.#writing) this.#writeNext();
  }

  #collect(): void {
    clearTimeout(this.#timer);
    if (this.#length === 0) return;
    // As bytes: for a text Node first makes room for three times its length.
    this.#batches.push(Buffer.from(this.#lines.join('')));
    this.#lines = [];
    this.#length = 0;
  }

  #writeNext(): void {
    const [batch] = this.#batches;
    this.#writing = batch !== undefined;
    if (batch === undefined) {
      for (const callback of this.#flushed.splice(0)) callback();
      return;
    }
    write(stdout, batch, (error, bytes) => {
      if (error?.code === 'EAGAIN') {
        setTimeout(() => this.#writeNext(), fullPipeMs);
        return;
      }
      // Nobody reads any more: the lines of a process that has lost its output are lost too.
      if (error || bytes === batch.length) this.#batches.shift();
      else this.#batches[0] = batch.subarray(bytes);
      this.#writeNext();
    });
  }

  #writeAtExit(): void {
    this.#collect();
    // What is being written is with the operating system.
    const rest = this.#batches.slice(this.#writing ? 1 : 0);
    try {
      for (const batch of rest) writeSync(stdout, batch);
    } catch {
      // Nobody reads, or too slowly for a process that ends.
    }
  }
}
