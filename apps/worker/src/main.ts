import { runWorker } from '@gatehouse/worker';
import { settings } from './config.ts';
import { leftoversNotSwept } from './events.ts';
import { filesServer } from './files/files-server.ts';
import { sweepLeftovers } from './files/leftovers.ts';
import { RootDirectory } from './files/root-directory.ts';

/** Sweeping goes on beside the calls, but not for ever. */
const sweepTimeoutMs = 600_000;

await runWorker({
  name: 'worker',
  settings,
  servers: async ({ FILES_ROOT }, logger) => {
    const root = await RootDirectory.open(FILES_ROOT);
    sweepLeftovers(root, AbortSignal.timeout(sweepTimeoutMs)).catch((error: unknown) =>
      leftoversNotSwept(logger, error),
    );
    return [filesServer(root)];
  },
});
