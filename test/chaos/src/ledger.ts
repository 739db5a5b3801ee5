import { existsSync, readFileSync } from 'node:fs';

/** One row, as the workers of `ledger-worker` write them. */
export interface LedgerRow {
  key: string;
  event: 'executed' | 'aborted';
  pid: number;
  /** Milliseconds since the epoch. */
  at: number;
}

/** Every complete row of a ledger; a row that a dying process left half-written is none. */
export function readLedger(file: string): LedgerRow[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LedgerRow);
}
