import { runWorker } from '@gatehouse/worker';
import { z } from 'zod';
import { Ledger } from './ledger.ts';
import { MisbehavingTools } from './misbehaving-tools.ts';
import { SizeTools } from './size-tools.ts';
import { RevisionFile, StateResource } from './state-resource.ts';
import { Slowness, WorkingTools } from './working-tools.ts';

// Offers tools that leave a row per execution, and tools that do to their worker what authors do by accident.
await runWorker({
  name: 'ledger',
  settings: {
    LEDGER_FILE: z.string().describe('File that gets one row per execution'),
    LEDGER_REVISION_FILE: z.string().describe('File with the number of the state that the server is in'),
    LEDGER_SLOWNESS: z.coerce.number().default(1).describe('How many times longer than usual the work takes'),
  },
  servers: ({ LEDGER_FILE, LEDGER_REVISION_FILE, LEDGER_SLOWNESS }) => [
    {
      server: 'ledger',
      version: '1.0.0',
      providers: [
        WorkingTools,
        MisbehavingTools,
        SizeTools,
        StateResource,
        { provide: Ledger, useFactory: () => new Ledger(LEDGER_FILE) },
        { provide: RevisionFile, useFactory: () => new RevisionFile(LEDGER_REVISION_FILE) },
        { provide: Slowness, useValue: new Slowness(LEDGER_SLOWNESS) },
      ],
    },
  ],
});
