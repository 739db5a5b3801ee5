import { metrics } from '@gatehouse/runtime';

const callLabels = ['gatehouse.server', 'mcp.method.name'];

/** Calls that workers answer, by how they ended; the words are those of the call record. */
export const calls = metrics.counter({
  name: 'gatehouse.calls',
  unit: '{call}',
  description: 'Calls for workers, by server, method and how they ended',
  labels: [...callLabels, 'gatehouse.outcome'],
});

export const requestBytes = metrics.counter({
  name: 'gatehouse.call.request.size',
  unit: 'By',
  description: 'Bytes of requests that were for workers',
  labels: callLabels,
});

export const responseBytes = metrics.counter({
  name: 'gatehouse.call.response.size',
  unit: 'By',
  description: 'Bytes of answers that came from workers',
  labels: callLabels,
});
