import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const sampleIntervalMs = 250;

/** Watches the resident memory of a process until it is disposed of. */
export function watchMemory(pid: number): Disposable & { readonly peakMib: number } {
  let peakMib = residentMib(pid);
  const look = () => {
    peakMib = Math.max(peakMib, residentMib(pid));
  };
  const timer = setInterval(look, sampleIntervalMs);
  return {
    get peakMib() {
      look();
      return peakMib;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** Resident memory of a process in MiB. */
export function residentMib(pid: number): number {
  const kilobytes = existsSync('/proc/self/status')
    ? /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    : spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  if (!kilobytes) throw new Error(`the memory of process ${pid} cannot be read`);
  return Number(kilobytes) / 1024;
}
