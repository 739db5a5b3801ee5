import { availableParallelism, cpus, totalmem } from 'node:os';
import { requireWrk } from './wrk.ts';

/** Where a result was measured; enough to judge it, nothing that names the machine. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGb: number;
  system: string;
  node: string;
  wrk: string;
}

/** Describes this machine. */
export function describeMachine(): Machine {
  return { ...describeSystem(), wrk: requireWrk() };
}

/** As {@link describeMachine}, for what needs no load generator from outside. */
export function describeSystem(): Omit<Machine, 'wrk'> {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}
