import type { Instrument, LabelValues } from './instruments.ts';

/** Media type of Prometheus's text format. */
export const prometheusMediaType = 'text/plain; version=0.0.4; charset=utf-8';

const unitSuffixes: Record<string, string> = { s: '_seconds', By: '_bytes' };

/** The name that an instrument has in Prometheus (OpenTelemetry: Prometheus and OpenMetrics Compatibility §Metric Metadata). */
function prometheusName({ kind, description: { name, unit } }: Instrument): string {
  const base = toPrometheusWord(name) + (unitSuffixes[unit] ?? '');
  return kind === 'counter' ? `${base}_total` : base;
}

/** Writes what instruments read now in Prometheus's text format. */
export function renderPrometheus(instruments: readonly Instrument[]): string {
  return instruments
    .map((instrument) => {
      const name = prometheusName(instrument);
      const help = instrument.description.description.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
      const samples = samplesOf(name, instrument);
      return [`# HELP ${name} ${help}`, `# TYPE ${name} ${instrument.kind}`, ...samples, ''].join('\n');
    })
    .join('');
}

function samplesOf(name: string, instrument: Instrument): string[] {
  const { labels } = instrument.description;
  if (instrument.kind !== 'histogram')
    return [...instrument.read()].map(({ values, value }) => `${name}${renderLabels(labels, values)} ${render(value)}`);
  return [...instrument.read()].flatMap(({ values, counts, sum, count }) => {
    let below = 0;
    const buckets = instrument.boundaries.map((boundary, index) => {
      below += counts[index] ?? 0;
      return `${name}_bucket${renderLabels(labels, values, `le="${boundary}"`)} ${below}`;
    });
    return [
      ...buckets,
      `${name}_bucket${renderLabels(labels, values, 'le="+Inf"')} ${count}`,
      `${name}_sum${renderLabels(labels, values)} ${render(sum)}`,
      `${name}_count${renderLabels(labels, values)} ${count}`,
    ];
  });
}

function renderLabels(names: readonly string[], values: LabelValues | undefined, further?: string): string {
  const pairs = values
    ? names.flatMap((name, index) => renderLabel(name, values[index]))
    : ['otel_metric_overflow="true"'];
  if (further !== undefined) pairs.push(further);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function renderLabel(name: string, value: string | undefined): string[] {
  if (value === undefined || value === '') return [];
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return [`${toPrometheusWord(name)}="${escaped}"`];
}

function render(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function toPrometheusWord(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_]/g, '_');
}
