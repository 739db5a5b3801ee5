import { monitorEventLoopDelay } from 'node:perf_hooks';

// Loaded into a process under test (`--expose-gc --import`): answers its parent what only the process itself can tell.

/** What a process tells of itself. */
export interface ProcessState {
  /** Bytes on the heap and outside of it that are in use, garbage apart. */
  usedBytes: number;
  /** The longest time that the event loop was late since the last question, in milliseconds. */
  maxDelayMs: number;
  /** The longest time that one turn of the event loop kept the processor busy since the last question, in milliseconds. */
  maxBusyMs: number;
}

const resolutionMs = 10;
const delays = monitorEventLoopDelay({ resolution: resolutionMs });
delays.enable();

// On a busy machine a turn may be late although it does little: what it took of the processor tells the two apart.
let cpu = process.threadCpuUsage();
let maxBusyMs = 0;
setInterval(() => {
  const { user, system } = process.threadCpuUsage(cpu);
  cpu = process.threadCpuUsage();
  maxBusyMs = Math.max(maxBusyMs, (user + system) / 1_000 - resolutionMs);
}, resolutionMs).unref();

process.on('message', (question) => {
  if (question !== 'state') return;
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const maxDelayMs = Math.max(0, delays.max / 1e6 - resolutionMs);
  const state: ProcessState = { usedBytes: heapUsed + external, maxDelayMs, maxBusyMs: Math.max(0, maxBusyMs) };
  process.send?.(state);
  // What the collection took is nobody's request.
  setTimeout(() => {
    delays.reset();
    cpu = process.threadCpuUsage();
    maxBusyMs = 0;
  }, 3 * resolutionMs);
});
process.channel?.unref();
