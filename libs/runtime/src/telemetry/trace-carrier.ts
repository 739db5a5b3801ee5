import { parseTraceparent } from '../trace-context.ts';

/**
 * A trace context on its way to the next process: the fields of W3C Trace Context and W3C Baggage by their names, or those of
 * another propagator that the operator chose.
 */
export type TraceCarrier = Readonly<Record<string, string>>;

const nothing: TraceCarrier = Object.freeze({});

/** W3C Trace Context §3.3.1.5: at least 512 characters are propagated. */
const maxTracestateLength = 512;
/** W3C Baggage §3.3.2: at least 8,192 bytes are propagated. */
const maxBaggageLength = 8_192;
const visibleAscii = /^[\x20-\x7e]*$/;

/**
 * Reads the trace context that a client put beside its request (MCP 2026-07-28 §`_meta`, OpenTelemetry trace context). What is
 * malformed is left out, as if it had not been sent; it never makes a request fail.
 */
export function readTraceCarrier(fields: Readonly<Record<string, unknown>>): TraceCarrier {
  const { traceparent, tracestate, baggage } = fields;
  if (traceparent === undefined && baggage === undefined) return nothing;
  const carrier: Record<string, string> = {};
  if (parseTraceparent(traceparent) !== undefined) {
    carrier.traceparent = traceparent as string;
    // §3.3.1: without a valid traceparent there is nothing that it could belong to.
    if (isCarried(tracestate, maxTracestateLength)) carrier.tracestate = tracestate;
  }
  if (isCarried(baggage, maxBaggageLength)) carrier.baggage = baggage;
  return carrier;
}

function isCarried(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxLength && visibleAscii.test(value);
}
