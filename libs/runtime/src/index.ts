export { startAdminServer } from './admin-server.ts';
export type { AdminPage } from './admin-server.ts';
export { drainServer } from './drain-server.ts';
export { Health } from './health.ts';
export type { ReadinessCheck } from './health.ts';
export { listen } from './listen.ts';
export { createLogger, maskCredentials, nestLogger } from './logger.ts';
export type { Logger } from './logger.ts';
export { runApp } from './run-app.ts';
export type { RunningApp } from './run-app.ts';
export {
  commonSettings,
  describeSettings,
  emailAddress,
  flag,
  httpUrl,
  list,
  loadSettings,
  password,
  port,
  secret,
  wholeNumber,
} from './settings.ts';
export type { SettingDocumentation } from './settings.ts';
export { Slots } from './slots.ts';
export { StartError } from './start-error.ts';
export { StateKeys, stateKeySettings } from './state-keys.ts';
export type { Counter, Histogram, LabelValues, ObservedNumber } from './telemetry/instruments.ts';
export { metrics } from './telemetry/metric-registry.ts';
export { operationDuration } from './telemetry/operation-duration.ts';
export { readTraceCarrier } from './telemetry/trace-carrier.ts';
export type { TraceCarrier } from './telemetry/trace-carrier.ts';
export { beginSpan } from './telemetry/tracing.ts';
export type { Span, SpanAttributes } from './telemetry/tracing.ts';
export { newTraceId, parseTraceparent } from './trace-context.ts';
