import { z } from 'zod';

const otlpUrl = (description: string) =>
  z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(description);
const names = (description: string) => z.string().optional().describe(description);

/**
 * The standard variables of OpenTelemetry that decide whether telemetry is sent, and the most used of the others, which
 * its SDK reads by itself.
 */
export const telemetrySettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl(
    'URL of an OpenTelemetry collector; traces and metrics are sent there, and nothing is sent while it is unset',
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: otlpUrl('URL for traces alone, whole path included'),
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: otlpUrl('URL for metrics alone, whole path included'),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .enum(['http/protobuf', 'http/json', 'grpc'])
    .optional()
    .describe('How the collector is spoken to: `http/protobuf` unless set, `http/json` or `grpc`'),
  OTEL_EXPORTER_OTLP_HEADERS: names('Headers for the collector, such as `authorization=Bearer%20...`, comma separated'),
  OTEL_TRACES_EXPORTER: names('`otlp`, `console`, `zipkin` or `none`; `otlp` when a collector is set'),
  OTEL_METRICS_EXPORTER: names('`otlp`, `console` or `none`, beside `/metrics`; `otlp` when a collector is set'),
  OTEL_TRACES_SAMPLER: names('Which traces are recorded, such as `parentbased_traceidratio`; all unless set'),
  OTEL_TRACES_SAMPLER_ARG: names('Argument of the sampler, such as `0.1`'),
  OTEL_SERVICE_NAME: names('Name of the process in telemetry; `gatehouse-` and its own name unless set'),
  OTEL_RESOURCE_ATTRIBUTES: names(
    'Further attributes of the process in telemetry, such as `deployment.environment.name=test`',
  ),
  OTEL_SDK_DISABLED: z.enum(['true', 'false']).optional().describe('`true` sends nothing, whatever else is set'),
};

/** As far as the decision what to send needs them. */
export type TelemetrySettings = { [Name in keyof typeof telemetrySettings]?: string | undefined };

/** What is to be sent: a kind of telemetry is, once an exporter is named for it or there is a collector. */
export function wantedTelemetry(settings: TelemetrySettings): { traces: boolean; metrics: boolean } {
  if (settings.OTEL_SDK_DISABLED === 'true') return { traces: false, metrics: false };
  const everything = settings.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined;
  const wanted = (exporter: string | undefined, endpoint: string | undefined) =>
    exporter === undefined ? everything || endpoint !== undefined : exporter !== 'none';
  return {
    traces: wanted(settings.OTEL_TRACES_EXPORTER, settings.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT),
    metrics: wanted(settings.OTEL_METRICS_EXPORTER, settings.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT),
  };
}

/** The name under which the process appears, unless the operator gave another one. */
export function defaultServiceName(settings: TelemetrySettings, app: string): string | undefined {
  if (settings.OTEL_SERVICE_NAME !== undefined) return undefined;
  return /(^|,)\s*service\.name=/.test(settings.OTEL_RESOURCE_ATTRIBUTES ?? '') ? undefined : `gatehouse-${app}`;
}
