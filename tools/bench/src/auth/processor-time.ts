import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of a second in /proc: Linux has had this number on every platform for decades (`getconf CLK_TCK`). */
const ticksPerSecond = 100;

/**
 * Seconds of processor that a process and its children have used; 0 where there is no /proc.
 * A server that gives every connection a process counts as one.
 */
export function processorSeconds(pid: number): number {
  const processes = readProcesses();
  const family = processes.filter((one) => one.pid === pid || one.parent === pid);
  return family.reduce((sum, { ticks }) => sum + ticks, 0) / ticksPerSecond;
}

function readProcesses(): { pid: number; parent: number; ticks: number }[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => readProcess(Number(name)));
  } catch {
    return [];
  }
}

function readProcess(pid: number): { pid: number; parent: number; ticks: number }[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // proc(5): the name may hold anything; after it come state, parent, and as 14th and 15th of all the times.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [{ pid, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }];
  } catch {
    // It ended meanwhile.
    return [];
  }
}
