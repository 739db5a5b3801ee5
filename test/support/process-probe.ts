import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

// Loaded into a process under test (`--expose-gc --import`): answers its parent what only the process itself can tell.

/** What a process tells of itself. */
export interface ProcessState {
  /** Bytes on the heap and outside of it that are in use, garbage apart. */
  usedBytes: number;
  /** The longest time that the event loop was late since the last question, in milliseconds. */
  maxDelayMs: number;
  /**
   * The longest time that one turn of the event loop took since the last question, computing or blocked, in milliseconds:
   * what it waited for a processor apart.
   */
  maxBusyMs: number;
}

const resolutionMs = 10;
const delays = monitorEventLoopDelay({ resolution: resolutionMs });
delays.enable();

/** How long this thread was able to run and had no processor, since it began; undefined where the system does not tell. */
function waitedForProcessorMs(): number | undefined {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return undefined;
  }
}

/** A clock that stands still while others have the processor. On a busy machine a turn is late although it does little. */
function ownClockMs(): number {
  const waitedMs = waitedForProcessorMs();
  if (waitedMs !== undefined) return performance.now() - waitedMs;
  // Elsewhere what is blocked does not count.
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

let ownMs = ownClockMs();
let maxBusyMs = 0;
setInterval(() => {
  const before = ownMs;
  ownMs = ownClockMs();
  maxBusyMs = Math.max(maxBusyMs, ownMs - before - resolutionMs);
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
    ownMs = ownClockMs();
    maxBusyMs = 0;
  }, 3 * resolutionMs);
});
process.channel?.unref();
