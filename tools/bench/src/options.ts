import { parseArgs } from 'node:util';

export const sectionNames = ['call', 'connections', 'rate', 'list', 'memory', 'listen'] as const;

/** A part of the benchmark that can be run alone. */
export type SectionName = (typeof sectionNames)[number];

/** How long, how often and what is measured. */
export interface BenchOptions {
  /** Length of one measurement. */
  seconds: number;
  /** Rounds in which every target is measured once; medians are taken over them. */
  rounds: number;
  /** A try-out: one short round, nothing is written. */
  quick: boolean;
  /** The sections that are run; a result is written only when they are all. */
  only: readonly SectionName[];
  /** The authorization server is measured instead of the gateway. */
  isAboutAuth: boolean;
}

export const usage = `npm run bench -- [auth] [--seconds 15] [--rounds 5] [--only <section>]... [--quick]

  auth       the authorization server beside a bare oidc-provider; the gateway unless given
  --seconds  length of one measurement
  --rounds   interleaved rounds; the medians over them count
  --only     ${sectionNames.join(', ')}; writes no result
  --quick    one round of 2 s, writes no result`;

/**
 * Reads the command line.
 * @throws TypeError with one sentence for an unknown option or section, or a number that is none.
 */
export function parseOptions(parameters: string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: parameters,
    allowPositionals: true,
    options: {
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      only: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
    },
  });
  const { quick, only } = values;
  const isAboutAuth = positionals[0] === 'auth';
  if (positionals.length > (isAboutAuth ? 1 : 0)) throw new TypeError(`unknown word ${positionals.at(-1)}`);
  if (isAboutAuth && only !== undefined) throw new TypeError('auth has no sections');
  return {
    seconds: wholeNumber('--seconds', values.seconds, quick ? 2 : 15),
    rounds: wholeNumber('--rounds', values.rounds, quick ? 1 : 5),
    quick,
    only: only === undefined ? sectionNames : only.map(sectionName),
    isAboutAuth,
  };
}

function sectionName(text: string): SectionName {
  const name = sectionNames.find((known) => known === text);
  if (name === undefined) throw new TypeError(`--only must be one of ${sectionNames.join(', ')}`);
  return name;
}

function wholeNumber(name: string, value: string | undefined, unset: number): number {
  if (value === undefined) return unset;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new TypeError(`${name} must be a whole number above 0`);
  return number;
}
