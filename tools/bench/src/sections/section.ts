import type { BenchOptions } from '../options.ts';
import type { Row } from '../report/row.ts';

/** What one section of the benchmark found. */
export interface SectionResult {
  rows: Row[];
  /** Every single measurement, in the order in which they were made. */
  measurements: object[];
  /** What the reader must know, one sentence each: what was left out and why, how good the load generator was. */
  notes: string[];
  /** Requests without a right answer of the gateway. */
  failed: number;
}

/** A part of the benchmark that can be run alone. */
export type Section = (options: BenchOptions) => Promise<SectionResult>;
