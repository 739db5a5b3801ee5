import { describe, expect, it } from 'vitest';
import { defaultServiceName, wantedTelemetry } from './telemetry-settings.ts';
import type { TelemetrySettings } from './telemetry-settings.ts';

const collector = 'http://collector:4318';

describe('telemetry is sent', () => {
  it.each<[string, TelemetrySettings, { traces: boolean; metrics: boolean }]>([
    ['nowhere unless asked', {}, { traces: false, metrics: false }],
    ['nowhere by sampling alone', { OTEL_TRACES_SAMPLER: 'always_on' }, { traces: false, metrics: false }],
    ['to a collector', { OTEL_EXPORTER_OTLP_ENDPOINT: collector }, { traces: true, metrics: true }],
    ['for traces alone', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector }, { traces: true, metrics: false }],
    ['for metrics alone', { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: collector }, { traces: false, metrics: true }],
    ['by an exporter that is named', { OTEL_TRACES_EXPORTER: 'console' }, { traces: true, metrics: false }],
    [
      'to a collector but for what is excluded',
      { OTEL_EXPORTER_OTLP_ENDPOINT: collector, OTEL_METRICS_EXPORTER: 'none' },
      { traces: true, metrics: false },
    ],
    [
      'nowhere when the SDK is disabled',
      { OTEL_EXPORTER_OTLP_ENDPOINT: collector, OTEL_SDK_DISABLED: 'true' },
      { traces: false, metrics: false },
    ],
  ])('%s', (_what, settings, wanted) => {
    expect(wantedTelemetry(settings)).toEqual(wanted);
  });

  it('under the name that the operator gave, or else that of the process', () => {
    expect(defaultServiceName({}, 'gateway')).toBe('gatehouse-gateway');
    expect(defaultServiceName({ OTEL_RESOURCE_ATTRIBUTES: 'a=b' }, 'gateway')).toBe('gatehouse-gateway');
    expect(defaultServiceName({ OTEL_RESOURCE_ATTRIBUTES: 'a=b, service.name=mine' }, 'gateway')).toBeUndefined();
    expect(defaultServiceName({ OTEL_SERVICE_NAME: 'mine' }, 'gateway')).toBeUndefined();
  });
});
