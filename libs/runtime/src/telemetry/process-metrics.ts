import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { MetricRegistry } from './metric-registry.ts';

/** How long a reading of the event loop's delay is told again, so that two readers do not take it from each other. */
const delayWindowMs = 5_000;

/**
 * Adds what every process says of itself, by the names of OpenTelemetry's conventions for Node.js and processes. Only
 * whoever reads pays for it.
 */
export function addProcessMetrics(registry: MetricRegistry): void {
  const number = (name: string, unit: string, description: string, read: () => number) =>
    registry.gauge({ name, unit, description, labels: [] }).addSource(() => [[[], read()]]);

  const delay = readEventLoopDelay(monitorEventLoopDelay({ resolution: 20 }));
  number('nodejs.eventloop.delay.p50', 's', 'Median delay of the event loop', () => delay().p50);
  number('nodejs.eventloop.delay.p99', 's', 'Delay of the event loop that 1 % of its turns exceed', () => delay().p99);
  number('nodejs.eventloop.delay.max', 's', 'Longest delay of the event loop', () => delay().max);
  let last = performance.eventLoopUtilization();
  number(
    'nodejs.eventloop.utilization',
    '1',
    'Share of time that the event loop was busy since the last reading',
    () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization;
    },
  );
  number('process.memory.usage', 'By', 'Resident memory', () => process.memoryUsage.rss());
  number(
    'v8js.memory.heap.used',
    'By',
    'Memory of live and dead objects of JavaScript',
    () => process.memoryUsage().heapUsed,
  );
  number('process.uptime', 's', 'Time since the start', () => process.uptime());
  registry
    .observedCounter({ name: 'process.cpu.time', unit: 's', description: 'Processor time used', labels: ['cpu.mode'] })
    .addSource(() => {
      const { user, system } = process.cpuUsage();
      return [
        [['user'], user / 1e6],
        [['system'], system / 1e6],
      ];
    });
}

/** Delays in seconds since the reading before; the sampling interval itself is no delay. */
function readEventLoopDelay(
  histogram: ReturnType<typeof monitorEventLoopDelay>,
): () => { p50: number; p99: number; max: number } {
  histogram.enable();
  let reading = { p50: 0, p99: 0, max: 0 };
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - readAt < delayWindowMs || histogram.count === 0) return reading;
    readAt = now;
    const seconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - 0.02);
    reading = {
      p50: seconds(histogram.percentile(50)),
      p99: seconds(histogram.percentile(99)),
      max: seconds(histogram.max),
    };
    histogram.reset();
    return reading;
  };
}
