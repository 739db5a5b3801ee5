import { context, metrics, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, Meter, Span as OtelSpan, Tracer } from '@opentelemetry/api';
import type { Instrument, LabelValues } from './instruments.ts';
import type { MetricRegistry } from './metric-registry.ts';
import type { TraceCarrier } from './trace-carrier.ts';
import type { Span, SpanAttributes, SpanStart } from './tracing.ts';

// Loaded only where somebody has OpenTelemetry's SDK.

const scope = 'gatehouse';

/** Makes spans with whatever SDK the process has. */
export function spanMaker(): (start: SpanStart) => Span {
  const tracer = trace.getTracer(scope);
  return (start) => new TracedSpan(tracer, start);
}

/** Tells whatever SDK the process has what the instruments count. */
export function forwardMetrics(registry: MetricRegistry): void {
  const meter = metrics.getMeter(scope);
  registry.onInstrument((instrument) => forward(instrument, meter));
}

class TracedSpan implements Span {
  readonly traceId: string;
  readonly recording: boolean;
  readonly #span: OtelSpan;
  readonly #context: Context;
  #carrier: TraceCarrier | undefined;

  constructor(tracer: Tracer, { name, parent, link, attributes }: SpanStart) {
    const parentContext = propagation.extract(ROOT_CONTEXT, parent);
    const linked = link && trace.getSpanContext(propagation.extract(ROOT_CONTEXT, link));
    const links = linked ? [{ context: linked }] : [];
    this.#span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes: attributes(), links }, parentContext);
    this.#context = trace.setSpan(parentContext, this.#span);
    this.traceId = this.#span.spanContext().traceId;
    this.recording = this.#span.isRecording();
  }

  get carrier(): TraceCarrier {
    if (this.#carrier === undefined) {
      const carrier: Record<string, string> = {};
      propagation.inject(this.#context, carrier);
      this.#carrier = carrier;
    }
    return this.#carrier;
  }

  describe(attributes: SpanAttributes, name?: string): void {
    this.#span.setAttributes(attributes);
    if (name !== undefined) this.#span.updateName(name);
  }

  run<Result>(work: () => Result): Result {
    return context.with(this.#context, work);
  }

  end(failure?: { type: string; message?: string | undefined }): void {
    if (failure !== undefined) {
      const { type, message } = failure;
      this.#span.setAttribute('error.type', type);
      this.#span.setStatus({ code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
    }
    this.#span.end();
  }
}

function forward(instrument: Instrument, meter: Meter): void {
  const { name, description, unit, labels } = instrument.description;
  const options = { description, unit };
  if (instrument.kind === 'histogram') {
    const advice = { explicitBucketBoundaries: [...instrument.boundaries] };
    const histogram = meter.createHistogram(name, { ...options, advice });
    instrument.forward = (value, values) => histogram.record(value, attributesOf(labels, values));
    return;
  }
  const observed =
    instrument.kind === 'counter'
      ? meter.createObservableCounter(name, options)
      : meter.createObservableGauge(name, options);
  observed.addCallback((result) => {
    for (const { values, value } of instrument.read()) result.observe(value, attributesOf(labels, values));
  });
}

function attributesOf(labels: readonly string[], values: LabelValues | undefined): SpanAttributes {
  if (values === undefined) return { 'otel.metric.overflow': true };
  const attributes: SpanAttributes = {};
  labels.forEach((label, index) => {
    const value = values[index];
    if (value !== undefined && value !== '') attributes[label] = value;
  });
  return attributes;
}
