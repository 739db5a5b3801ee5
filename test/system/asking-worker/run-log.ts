import { appendFileSync } from 'node:fs';

/** One row per run, written at once, so that it survives the death of its process. */
export class RunLog {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** `what` ran in this process. */
  note(what: string): void {
    appendFileSync(this.#file, `${what} ${process.pid}\n`);
  }
}
