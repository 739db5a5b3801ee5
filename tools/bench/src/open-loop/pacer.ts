import { parentPort, workerData } from 'node:worker_threads';

/**
 * Tells the thread of the load each tick's number at even intervals, after the instant when it began to count. Timers of an
 * event loop know whole milliseconds only, and a loop that spins would take the processor from what is measured; a
 * thread that sleeps on nothing wakes to some 50 us.
 */
const { tickMs } = workerData as { tickMs: number };
const never = new Int32Array(new SharedArrayBuffer(4));
const start = performance.now();
parentPort?.postMessage(process.hrtime.bigint(), []);

for (let tick = 1; ; tick++) {
  const elapsedMs = performance.now() - start;
  // Woken late: the ticks in between are told with one wake-up.
  tick = Math.max(tick, Math.floor(elapsedMs / tickMs));
  Atomics.wait(never, 0, 0, Math.max(0, tick * tickMs - elapsedMs));
  parentPort?.postMessage(tick, []);
}
