import { setFlagsFromString } from 'node:v8';
import { runApp } from '@gatehouse/runtime';
import { gatewaySettings } from './config.ts';
import { releaseStartMemory } from './release-start-memory.ts';
import { startGateway } from './start-gateway.ts';

// What lives is 25 MB, and V8 would let the rest of a request's short life pile up to four times that before it collects
// (docs/decisions/0011).
setFlagsFromString('--heap-growing-percent=100');

await runApp({
  name: 'gateway',
  settings: gatewaySettings,
  start: async (settings, logger) => {
    const gateway = await startGateway(settings, logger);
    releaseStartMemory();
    return gateway;
  },
});
