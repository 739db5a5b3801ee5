import { runWorker } from '@gatehouse/worker';
import { z } from 'zod';
import { Offers } from './offers.ts';
import { RunLog } from './run-log.ts';

// Offers one of each kind that asks its client, and notes which process ran what.
await runWorker({
  name: 'asking',
  settings: { RUN_LOG_FILE: z.string().describe('File that gets one row per run of a handler or a step') },
  servers: ({ RUN_LOG_FILE }) => [
    {
      server: 'asking',
      version: '1.0.0',
      providers: [Offers, { provide: RunLog, useFactory: () => new RunLog(RUN_LOG_FILE) }],
    },
  ],
});
