import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../logger.ts';
import { metrics } from './metric-registry.ts';
import { addProcessMetrics } from './process-metrics.ts';
import { defaultServiceName, wantedTelemetry } from './telemetry-settings.ts';
import type { TelemetrySettings } from './telemetry-settings.ts';
import { setTracer } from './tracing.ts';

/** How long the end of a process waits for a collector. */
const flushTimeoutMs = 2_000;
/** A collector that is away is said once in a while, not with every batch. */
const problemIntervalMs = 60_000;

/**
 * Begins what a process tells about itself: its metrics, and traces and pushed metrics if the settings ask for them.
 * @returns how to send what is left and end it
 */
export async function startTelemetry(
  app: string,
  settings: TelemetrySettings,
  logger: Logger,
): Promise<() => Promise<void>> {
  addProcessMetrics(metrics);
  const wanted = wantedTelemetry(settings);
  if (!wanted.traces && !wanted.metrics) return () => Promise.resolve();
  const { startSdk } = await import('./opentelemetry.ts');
  const serviceName = defaultServiceName(settings, app);
  const sdk = startSdk({ ...wanted, serviceName, registry: metrics, onProblem: problemLog(logger) });
  setTracer(sdk.makeSpan);
  return async () => {
    setTracer(undefined);
    const giveUp = new AbortController();
    const flushed = sdk.stop().catch(() => {}); // what could not be sent was logged
    await Promise.race([flushed, delay(flushTimeoutMs, undefined, { signal: giveUp.signal, ref: false })]);
    giveUp.abort();
  };
}

function problemLog(logger: Logger): (problem: string) => void {
  let loggedAt = Number.NEGATIVE_INFINITY;
  return (problem) => {
    if (performance.now() - loggedAt < problemIntervalMs) return;
    loggedAt = performance.now();
    logger.warn({ problem: problem.slice(0, 500) }, 'telemetry cannot be sent');
  };
}
