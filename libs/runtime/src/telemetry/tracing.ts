import { newTraceId, parseTraceparent } from '../trace-context.ts';
import type { TraceCarrier } from './trace-carrier.ts';

/** What a span says about its operation. Never arguments, results or tokens. */
export type SpanAttributes = Record<string, string | number | boolean>;

/** How a span begins. */
export interface SpanStart {
  name: string;
  /** Whose child it is. */
  parent: TraceCarrier;
  /** Another context that had to do with it, such as that of the HTTP request around it. */
  link?: TraceCarrier | undefined;
  /** Asked only where somebody will see them. */
  attributes: () => SpanAttributes;
}

/** One operation of this process, for whoever looks at traces. */
export interface Span {
  /** 32 hexadecimal digits; for logs too, whether or not there is tracing. */
  readonly traceId: string;
  /** False when nobody will see what is said about it. */
  readonly recording: boolean;
  /** What the next process, or a message of this one, is told. */
  readonly carrier: TraceCarrier;
  /** Says what became known after the start. */
  describe(attributes: SpanAttributes, name?: string): void;
  /** Runs `work` inside the span: spans that it starts become children. */
  run<Result>(work: () => Result): Result;
  /** Ends it, with the class of error it ended with and a message that says nothing of the caller's data. */
  end(failure?: { type: string; message?: string | undefined }): void;
}

/** Who makes spans, once there is somebody. */
let tracer: ((start: SpanStart) => Span) | undefined;

/** From here on spans are made by `makeSpan`; undefined ends that. */
export function setTracer(makeSpan: ((start: SpanStart) => Span) | undefined): void {
  tracer = makeSpan;
}

/** Begins a span. Without tracing it costs next to nothing, and the context of the caller goes on as it came. */
export function beginSpan(start: SpanStart): Span {
  return tracer === undefined ? new UntracedSpan(start.parent) : tracer(start);
}

/** W3C Trace Context §Mutating: a process that records nothing forwards what it got, so that no child lacks its parent. */
class UntracedSpan implements Span {
  readonly traceId: string;
  readonly recording = false;
  readonly carrier: TraceCarrier;

  constructor(parent: TraceCarrier) {
    this.traceId = parseTraceparent(parent.traceparent)?.traceId ?? newTraceId();
    this.carrier = parent;
  }

  describe(): void {
    // nobody sees it
  }

  run<Result>(work: () => Result): Result {
    return work();
  }

  end(): void {
    // nobody sees it
  }
}
