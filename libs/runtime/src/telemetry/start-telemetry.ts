import { setTimeout as delay } from 'node:timers/promises';
import { maskCredentials } from '../logger.ts';
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
  const found = registeredSdk();
  const wanted = found ?? wantedTelemetry(settings);
  if (!wanted.traces && !wanted.metrics) return () => Promise.resolve();
  const stop = found ? () => Promise.resolve() : await loadSdk(app, settings, wanted, logger);
  const { forwardMetrics, spanMaker } = await import('./opentelemetry-api.ts');
  if (wanted.metrics) forwardMetrics(metrics);
  if (wanted.traces) setTracer(spanMaker());
  return async () => {
    setTracer(undefined);
    await withinTime(stop());
  };
}

interface WantedTelemetry {
  traces: boolean;
  metrics: boolean;
}

async function loadSdk(
  app: string,
  settings: TelemetrySettings,
  wanted: WantedTelemetry,
  logger: Logger,
): Promise<() => Promise<void>> {
  const { startSdk } = await import('./opentelemetry-sdk.ts');
  return startSdk({ ...wanted, serviceName: defaultServiceName(settings, app), onProblem: problemLog(logger) });
}

/** Where OpenTelemetry's API keeps what a process has registered, whatever copy of the API it was. */
const apiRegistry = Symbol.for('opentelemetry.js.api.1');

/** What an SDK does that the process got before (`node --import`); a second one beside it would send everything twice. */
function registeredSdk(): WantedTelemetry | undefined {
  const registered = (globalThis as { [apiRegistry]?: { trace?: unknown; metrics?: unknown } })[apiRegistry];
  const found = { traces: registered?.trace !== undefined, metrics: registered?.metrics !== undefined };
  return found.traces || found.metrics ? found : undefined;
}

async function withinTime(flushed: Promise<void>): Promise<void> {
  const giveUp = new AbortController();
  // What could not be sent was logged.
  const sent = flushed.catch(() => {});
  await Promise.race([sent, delay(flushTimeoutMs, undefined, { signal: giveUp.signal, ref: false })]);
  giveUp.abort();
}

function problemLog(logger: Logger): (problem: string) => void {
  let loggedAt = Number.NEGATIVE_INFINITY;
  return (problem) => {
    if (performance.now() - loggedAt < problemIntervalMs) return;
    loggedAt = performance.now();
    logger.warn({ problem: maskCredentials(problem.slice(0, 500)) }, 'telemetry cannot be sent');
  };
}
