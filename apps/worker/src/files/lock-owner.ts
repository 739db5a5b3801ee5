import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Where a process id means the same process: this boot of this machine, and this namespace of process ids. */
const processSpace = readProcessSpace();

/** Names this process as the owner of one lock; no two are the same. */
export function formatOwner(): string {
  return [randomUUID(), process.pid, processSpace ?? ''].join(' ');
}

/** True when the owner is certainly gone; an owner elsewhere, or whose process id is in use again, may live. */
export function isOwnerDead(owner: string): boolean {
  const [, pid, ...space] = owner.split(' ');
  if (processSpace === undefined || space.join(' ') !== processSpace || !/^[1-9]\d*$/.test(pid ?? '')) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Only Linux tells it; undefined elsewhere, where locks are given up by their age alone. */
function readProcessSpace(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${hostname()} ${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}
