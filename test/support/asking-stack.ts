import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startReplicatedStack } from './replicated-stack.ts';
import type { ReplicatedStack } from './replicated-stack.ts';

/** Two gateways and two workers that ask their client, each a process of its own. */
export interface AskingStack extends ReplicatedStack {
  /** What ran, as `what:id`, and where. */
  runs(): { what: string; pid: number }[];
}

/** Starts it all on ephemeral loopback ports. */
export async function startAskingStack(): Promise<AskingStack> {
  let runLogFile = '';
  const stack = await startReplicatedStack({
    server: 'asking',
    worker: 'test/system/asking-worker',
    workerEnvironment: (folder) => {
      runLogFile = path.join(folder, 'runs');
      writeFileSync(runLogFile, '');
      return { RUN_LOG_FILE: runLogFile };
    },
  });
  return {
    ...stack,
    runs: () =>
      readFileSync(runLogFile, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const [what = '', pid] = line.split(' ');
          return { what, pid: Number(pid) };
        }),
  };
}
