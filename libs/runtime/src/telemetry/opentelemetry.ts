import {
  context,
  diag,
  DiagLogLevel,
  metrics,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { Context, Meter, Span as OtelSpan, Tracer } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { Instrument, LabelValues } from './instruments.ts';
import type { MetricRegistry } from './metric-registry.ts';
import type { TraceCarrier } from './trace-carrier.ts';
import type { Span, SpanAttributes, SpanStart } from './tracing.ts';

// Loaded only where an operator asks for telemetry: the SDK takes 25 MB and a quarter of a second.

const scope = 'gatehouse';

/** What to send where; everything else the SDK reads from the standard variables by itself. */
export interface SdkOptions {
  serviceName: string | undefined;
  traces: boolean;
  metrics: boolean;
  registry: MetricRegistry;
  /** Hears that telemetry has trouble of its own, such as a collector that does not answer. */
  onProblem: (message: string) => void;
}

/** A running SDK. */
export interface RunningSdk {
  makeSpan: ((start: SpanStart) => Span) | undefined;
  /** Sends what is left. */
  stop(): Promise<void>;
}

/** Starts OpenTelemetry's SDK for this process, beside one that the process may have got from elsewhere. */
export function startSdk(options: SdkOptions): RunningSdk {
  const ignore = () => {};
  const report = (message: string) => options.onProblem(message);
  diag.setLogger(
    { error: report, warn: report, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const sdk = new NodeSDK({
    ...(options.serviceName === undefined ? {} : { serviceName: options.serviceName }),
    // Not the standard variables' defaults, which would send everything as soon as anything is sent.
    ...(options.traces ? {} : { spanProcessors: [] }),
    ...(options.metrics ? {} : { metricReaders: [] }),
    // The product's log goes to standard output.
    logRecordProcessors: [],
    instrumentations: [],
  });
  sdk.start();
  if (options.metrics) forwardMetrics(options.registry, metrics.getMeter(scope));
  const tracer = trace.getTracer(scope);
  return {
    makeSpan: options.traces ? (start) => new TracedSpan(tracer, start) : undefined,
    stop: () => sdk.shutdown(),
  };
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

function forwardMetrics(registry: MetricRegistry, meter: Meter): void {
  registry.onInstrument((instrument) => forward(instrument, meter));
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
