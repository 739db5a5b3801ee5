import { parseArgs } from 'node:util';

/** How long and how often is measured. */
export interface BenchOptions {
  /** Length of one measurement. */
  seconds: number;
  /** Rounds in which every target is measured once; medians are taken over them. */
  rounds: number;
  /** A try-out: one short round, nothing is written. */
  quick: boolean;
}

export const usage = `npm run bench -- [--seconds 8] [--rounds 3] [--quick]

  --seconds  length of one measurement
  --rounds   interleaved rounds; the medians over them count
  --quick    one round of 2 s, writes no result`;

/**
 * Reads the command line.
 * @throws TypeError with one sentence for an unknown option or a number that is none.
 */
export function parseOptions(parameters: string[]): BenchOptions {
  const { values } = parseArgs({
    args: parameters,
    options: { seconds: { type: 'string' }, rounds: { type: 'string' }, quick: { type: 'boolean', default: false } },
  });
  const { quick } = values;
  return {
    seconds: wholeNumber('--seconds', values.seconds, quick ? 2 : 8),
    rounds: wholeNumber('--rounds', values.rounds, quick ? 1 : 3),
    quick,
  };
}

function wholeNumber(name: string, value: string | undefined, unset: number): number {
  if (value === undefined) return unset;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new TypeError(`${name} must be a whole number above 0`);
  return number;
}
