import { openSync, writeSync } from 'node:fs';

/** What a row tells: that a call began, or that its AbortSignal fired. */
type LedgerEvent = 'executed' | 'aborted';

/** The file in which every execution of every worker leaves a row, however the worker ends afterwards. */
export class Ledger {
  readonly #file: number;

  /** Made if it is missing. O_APPEND: rows of several processes never overwrite each other. */
  constructor(file: string) {
    this.#file = openSync(file, 'a');
  }

  /** Writes one row before it returns: what a killed process has written stays written. */
  write(key: string, event: LedgerEvent): void {
    writeSync(this.#file, `${JSON.stringify({ key, event, pid: process.pid, at: Date.now() })}\n`);
  }
}
