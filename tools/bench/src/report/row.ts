import type { TargetName } from '../target-names.ts';

/** A promise: `least` and `most` are inclusive, `below` is exclusive. `aim` is what is worked towards beyond it. */
export type Limit = ({ least: number } | { most: number } | { below: number }) & { aim?: number };

/** What a promise is about, and what became of it. */
interface Promised {
  /** Of what the value is, in a word or two. */
  of: string;
  value: number;
  limit: Limit;
  kept: boolean;
}

/** One line of the report: a measure, its medians, and at most one promise. */
export interface Row {
  measure: string;
  values: Partial<Record<TargetName, number>>;
  promised?: Promised;
}

/** Judges a value. */
export function promise(of: string, value: number, limit: Limit): Promised {
  return { of, value, limit, kept: isWithin(value, limit) };
}

function isWithin(value: number, limit: Limit): boolean {
  if ('least' in limit) return value >= limit.least;
  return 'below' in limit ? value < limit.below : value <= limit.most;
}

/** The median; of an even number of values the lower one, so that it is a value that was measured. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (middle === undefined) throw new Error('a median needs a value');
  return middle;
}

/**
 * The median over the rounds of what two values of one round make together. The machine's speed changes from minute to minute,
 * so that only values of one round say something about each other.
 */
export function pairedMedian(a: number[], b: number[], combine: (a: number, b: number) => number): number {
  if (a.length !== b.length) throw new Error('values of different rounds cannot be compared');
  return median(a.map((value, round) => combine(value, b[round] as number)));
}
