import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort, guardApp } from '@gatehouse/start';

const root = path.resolve(import.meta.dirname, '../../..');
const startTimeoutMs = 20_000;
const stopTimeoutMs = 10_000;

/** A process under test. */
export interface AppProcess {
  /** The last lines of its log. */
  log(): string;
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
): Promise<AppProcess> {
  const adminPort = await findFreePort();
  const child = spawn(process.execPath, [path.join(root, file)], {
    env: { PATH: process.env.PATH, LOG_FORMAT: 'json', ...environment, [adminPortSetting]: String(adminPort) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  guardApp(child);
  const ended = once(child, 'exit');
  let tail = '';
  const keepTail = (chunk: Buffer) => {
    tail = (tail + chunk.toString()).slice(-8000);
  };
  child.stdout.on('data', keepTail);
  child.stderr.on('data', keepTail);
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const overdue = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await ended;
    clearTimeout(overdue);
  };
  const deadline = performance.now() + startTimeoutMs;
  while (!(await isReady(adminPort))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`${file} did not get ready:\n${tail}`);
    }
    await delay(50);
  }
  return { log: () => tail, stop };
}

async function isReady(adminPort: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.status === 200;
}
