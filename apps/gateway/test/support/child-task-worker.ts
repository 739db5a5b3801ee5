/** The worker of `task-worker.ts` in a process of its own, for tests that kill or stop it. */
import { startTaskWorker } from './task-worker.ts';

await startTaskWorker(JSON.parse(process.env.CHILD_WORKER ?? '{}') as Parameters<typeof startTaskWorker>[0]);
process.stdout.write('serving\n');
