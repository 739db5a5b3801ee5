import type { Machine } from '../machine.ts';
import type { SectionResult } from '../sections/section.ts';
import type { Row } from './row.ts';

/** What a whole benchmark found; the content of `results/latest.json`. */
export interface BenchResult {
  measuredAt: string;
  machine: Machine;
  seconds: number;
  rounds: number;
  rows: Row[];
  notes: string[];
  /** By section, every single measurement in the order in which they were made. */
  measurements: Record<string, SectionResult['measurements']>;
}
