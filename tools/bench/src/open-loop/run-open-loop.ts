import { fork } from 'node:child_process';
import path from 'node:path';
import { guardApp } from '@gatehouse/start';
import type { FixedRateLoad, FixedRateResult } from './open-loop.ts';

/**
 * Runs a load at a fixed rate in a process of its own.
 * @throws Error when that process ends without a result
 */
export async function runOpenLoop(load: FixedRateLoad): Promise<FixedRateResult> {
  const child = fork(path.join(import.meta.dirname, 'main.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  guardApp(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the load generator ended with ${code} and without a result`)));
    child.once('message', (result) => resolve(result as FixedRateResult));
    child.send(load);
  });
}
