import { metrics } from '@gatehouse/runtime';

/** Calls that this worker runs or keeps waiting, and results that wait for their readers. */
export const callsInFlight = metrics.gauge({
  name: 'gatehouse.worker.calls.in_flight',
  unit: '{call}',
  description: 'Calls that the worker runs or keeps waiting, and results that wait for their readers',
  labels: [],
});
