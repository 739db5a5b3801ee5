import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';

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
  // wrk prints its version with its usage, and ends with 1.
  const wrk = spawnSync('wrk', ['--version'], { encoding: 'utf8' }).stdout;
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
    wrk: /^wrk (\S+)/m.exec(wrk)?.[1] ?? 'unknown',
  };
}
