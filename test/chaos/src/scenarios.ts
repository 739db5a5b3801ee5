import type { Scenario } from './scenario.ts';
import { natsKilled, natsSilent } from './scenarios/bus-losses.ts';
import { gatewayKilled } from './scenarios/gateway-death.ts';
import { gatewayDrain } from './scenarios/gateway-drain.ts';
import { hostileConnections } from './scenarios/hostile-connections.ts';
import { callerLeaves } from './scenarios/leaving-callers.ts';
import { largeMessages } from './scenarios/sizes.ts';
import { slowReaders } from './scenarios/slow-readers.ts';
import { workerBlocked, workerSlow, workerStopped } from './scenarios/slow-workers.ts';
import { noWorker, rollingRestart, workerExitsOnInput, workerKilled } from './scenarios/worker-deaths.ts';

/** Every scenario, in the order in which they run. */
export const scenarios: readonly Scenario[] = [
  workerKilled,
  workerExitsOnInput,
  noWorker,
  rollingRestart,
  workerStopped,
  workerBlocked,
  workerSlow,
  natsKilled,
  natsSilent,
  gatewayKilled,
  gatewayDrain,
  hostileConnections,
  callerLeaves,
  slowReaders,
  largeMessages,
];
