import { parseArgs } from 'node:util';

/** What `npm run chaos` is asked to do. */
export interface ChaosOptions {
  seed: number;
  /** Names of scenarios; all when empty. */
  only: string[];
  /** The short form of every scenario. */
  quick: boolean;
}

export const usage = `npm run chaos -- [options] [scenario ...]
  --seed N   repeats the random choices of another run
  --quick    the short forms only`;

/** @throws TypeError for what is no option */
export function parseOptions(parameters: string[]): ChaosOptions {
  const { values, positionals } = parseArgs({
    args: parameters,
    allowPositionals: true,
    options: { seed: { type: 'string' }, quick: { type: 'boolean', default: false } },
  });
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new TypeError('--seed takes a whole number');
  return { seed, only: positionals, quick: values.quick };
}
