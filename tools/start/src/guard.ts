import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** One line to the guardian. */
export type GuardianOrder =
  | { app: number }
  | { service: number; signal: NodeJS.Signals }
  | { forget: number }
  | { remove: string }
  | { keep: string };

let guardian: ChildProcess | undefined;

/** The process id of this process's guardian, which is started when it is first needed. */
export function guardianPid(): number {
  return startGuardian().pid ?? 0;
}

/** Ends an app (SIGTERM) should this process die before it, however it dies. */
export function guardApp(child: ChildProcess): void {
  guard(child, (pid) => ({ app: pid }));
}

/** Ends a service with `signal`, after the apps that use it, should this process die before it, however it dies. */
export function guardService(child: ChildProcess, signal: NodeJS.Signals): void {
  guard(child, (pid) => ({ service: pid, signal }));
}

function guard(child: ChildProcess, watch: (pid: number) => GuardianOrder): void {
  const { pid } = child;
  if (pid === undefined) return;
  order(watch(pid));
  child.once('exit', () => order({ forget: pid }));
}

/** A temporary folder that goes with this process, however it dies. */
export interface TemporaryFolder {
  path: string;
  remove(): void;
}

/** Makes a temporary folder below the system's. */
export function makeTemporaryFolder(prefix: string): TemporaryFolder {
  const folder = mkdtempSync(path.join(tmpdir(), prefix));
  order({ remove: folder });
  return {
    path: folder,
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
      order({ keep: folder });
    },
  };
}

/** Ends the guardian when there is nothing left to guard. */
export async function dismissGuardian(): Promise<void> {
  const dismissed = guardian;
  guardian = undefined;
  if (!dismissed || dismissed.exitCode !== null) return;
  const ended = once(dismissed, 'exit');
  dismissed.ref();
  dismissed.stdin?.end();
  await ended;
}

function order(line: GuardianOrder): void {
  startGuardian().stdin?.write(`${JSON.stringify(line)}\n`);
}

function startGuardian(): ChildProcess {
  if (guardian?.exitCode === null && guardian.signalCode === null) return guardian;
  guardian = spawn(process.execPath, [path.join(import.meta.dirname, 'guardian.ts')], {
    // A session of its own, so that Ctrl-C and a signal to the parent's group do not reach it.
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
    env: {},
  });
  guardian.unref();
  guardian.stdin?.on('error', () => {});
  (guardian.stdin as Socket).unref();
  return guardian;
}
