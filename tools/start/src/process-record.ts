import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { endProcess, isRunning, waitForEnd } from './end-process.ts';
import { writeWhole } from './write-whole.ts';

/** A process of the stack, as it is written down for the start after a crash. */
export interface RecordedProcess {
  name: string;
  pid: number;
  /** Tells a process from a later one with the same id. */
  startedAt: string;
}

const guardianGraceMs = 20_000;
const leftoverGraceMs = 3_000;

/** The processes of the running stack, kept in a file of the data directory while they run. */
export class ProcessRecord {
  readonly #file: string;
  #processes: RecordedProcess[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  /** What the last stack left, when it did not stop in order. */
  readLeftovers(): RecordedProcess[] {
    return readRecord(this.#file).filter(({ pid, startedAt }) => isRunning(pid) && readStartTime(pid) === startedAt);
  }

  add(name: string, pid: number): void {
    this.#processes.push({ name, pid, startedAt: readStartTime(pid) });
    this.#write();
  }

  remove(pid: number): void {
    this.#processes = this.#processes.filter((known) => known.pid !== pid);
    this.#write();
  }

  clear(): void {
    rmSync(this.#file, { force: true });
  }

  #write(): void {
    writeWhole(this.#file, `${JSON.stringify(this.#processes, undefined, 2)}\n`);
  }
}

/** The processes in a record; none when there is no record, or a damaged one. */
export function readRecord(file: string): RecordedProcess[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RecordedProcess[];
  } catch {
    return [];
  }
}

/** Waits for the guardian of a stack that was killed; ends what is left when the guardian was killed too. */
export async function endLeftovers(leftovers: RecordedProcess[]): Promise<void> {
  const guardian = leftovers.find(({ name }) => name === 'guardian');
  if (guardian) await waitForEnd(guardian.pid, guardianGraceMs);
  for (const { name, pid } of leftovers.toReversed()) {
    if (isRunning(pid)) await endProcess(pid, name === 'postgres' ? 'SIGINT' : 'SIGTERM', leftoverGraceMs);
  }
}

/** When a process started, in whatever form the system tells it; empty when there is no such process. */
function readStartTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim() ?? '';
  }
}
