import type { Scenario } from './scenario.ts';
import { natsKilled, natsSilent } from './scenarios/bus-losses.ts';
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
];
