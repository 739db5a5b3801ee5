import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { ServerDefinitions } from '@gatehouse/protocol';

/** Starts `child-worker.ts` and waits until it serves. `kill` is kill -9. */
export async function startChildWorker(options: {
  url: string;
  tenant: string;
  instance: string;
  ledger: string;
  definitions: ServerDefinitions;
}) {
  const child = spawn(
    process.execPath,
    ['--conditions=@gatehouse/source', path.join(import.meta.dirname, 'child-worker.ts')],
    { env: { ...process.env, CHILD_WORKER: JSON.stringify(options) }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(() => Promise.reject(new Error('the child worker ended before it served'))),
  ]);
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
