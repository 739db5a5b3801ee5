import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Starts a program that reads its options from CHILD_WORKER, and waits until it says on stdout that it serves. */
export async function startChildWorker(program: string, options: { url: string; tenant: string; instance: string }) {
  const child = spawn(process.execPath, ['--conditions=@gatehouse/source', program], {
    env: { ...process.env, CHILD_WORKER: JSON.stringify(options) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(() => Promise.reject(new Error('the child worker ended before it served'))),
  ]);
  return {
    kill: async (signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' = 'SIGKILL') => {
      child.kill(signal);
      if (signal === 'SIGKILL') await ended;
    },
  };
}
