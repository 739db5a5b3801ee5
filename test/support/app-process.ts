import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort, guardApp } from '@gatehouse/start';

const root = path.resolve(import.meta.dirname, '../..');
const startTimeoutMs = 20_000;
const stopTimeoutMs = 10_000;
const tailLength = 8_000;

/** What a program is started with, beside its environment. */
interface AppProcessOptions {
  /** Options of node itself. With them the program can talk to its parent (`process.send`). */
  nodeOptions?: string[];
  /** Receives everything that is logged. */
  onLog?: (text: string) => void;
}

/** A process under test. */
export interface AppProcess {
  pid: number;
  adminPort: number;
  /** The process itself, for what a test of its own wants of it. */
  child: ChildProcess;
  /** The last lines of its log. */
  log(): string;
  /** False once it has ended, for whatever reason. */
  readonly runs: boolean;
  /** Resolves when it has ended. */
  ended: Promise<unknown>;
  /** Asks it to end, and kills it when it does not. */
  stop(): Promise<void>;
}

/**
 * Starts a built program and waits until its probes say that it is ready.
 * @param file relative to the root
 * @param adminPortSetting the setting that names the port of its probes
 * @throws Error with its log when it ends or is not ready in time
 */
export async function startAppProcess(
  file: string,
  adminPortSetting: string,
  environment: NodeJS.ProcessEnv,
  { nodeOptions, onLog }: AppProcessOptions = {},
): Promise<AppProcess> {
  const adminPort = await findFreePort();
  const child = spawn(process.execPath, [...(nodeOptions ?? []), path.join(root, file)], {
    env: { PATH: process.env.PATH, LOG_FORMAT: 'json', ...environment, [adminPortSetting]: String(adminPort) },
    stdio: ['ignore', 'pipe', 'pipe', ...(nodeOptions ? (['ipc'] as const) : [])],
  });
  guardApp(child);
  const ended = once(child, 'exit');
  let tail = '';
  const keepTail = (chunk: Buffer) => {
    tail = (tail + chunk.toString()).slice(-tailLength);
    onLog?.(chunk.toString());
  };
  child.stdout?.on('data', keepTail);
  child.stderr?.on('data', keepTail);
  const started: AppProcess = {
    pid: child.pid ?? 0,
    adminPort,
    child,
    log: () => tail,
    get runs() {
      return child.exitCode === null && child.signalCode === null;
    },
    ended,
    stop: () => stop(child, ended),
  };
  const deadline = performance.now() + startTimeoutMs;
  while (!(await isReady(adminPort))) {
    if (!started.runs || performance.now() > deadline) {
      await started.stop();
      throw new Error(`${file} did not get ready:\n${tail}`);
    }
    await delay(50);
  }
  return started;
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  // One that was stopped by a signal would hear of nothing.
  child.kill('SIGCONT');
  const overdue = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await ended;
  clearTimeout(overdue);
}

async function isReady(adminPort: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.status === 200;
}
