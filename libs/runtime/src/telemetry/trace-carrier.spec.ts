import { describe, expect, it } from 'vitest';
import { readTraceCarrier } from './trace-carrier.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const tracestate = 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE';
const baggage = 'userId=alice,serverNode=DF%2028,isProduction=false';

describe('the trace context of a request (MCP 2026-07-28 §`_meta`, OpenTelemetry trace context)', () => {
  it('is taken over as it came, and nothing beside it', () => {
    const meta = { traceparent, tracestate, baggage, progressToken: 1 };
    expect(readTraceCarrier(meta)).toEqual({ traceparent, tracestate, baggage });
    expect(readTraceCarrier({ baggage })).toEqual({ baggage });
    expect(readTraceCarrier({})).toEqual({});
  });

  it.each<[string, Record<string, unknown>, object]>([
    ['a traceparent that is none, and its tracestate with it', { traceparent: 'x', tracestate, baggage }, { baggage }],
    ['a tracestate alone (W3C Trace Context §3.3.1)', { tracestate }, {}],
    ['fields that are no text', { traceparent, tracestate: 7, baggage: ['a=b'] }, { traceparent }],
    ['empty fields', { traceparent, tracestate: '', baggage: '' }, { traceparent }],
    ['a tracestate over 512 characters', { traceparent, tracestate: 'a'.repeat(513) }, { traceparent }],
    ['baggage over 8,192 bytes', { traceparent, baggage: 'a'.repeat(8_193) }, { traceparent }],
    ['a line break', { traceparent, tracestate: 'a=b\r\nX: y', baggage: 'a=\n' }, { traceparent }],
    ['what is not ASCII', { traceparent, baggage: 'a=é' }, { traceparent }],
  ])('does without %s', (_what, meta, carried) => {
    expect(readTraceCarrier(meta)).toEqual(carried);
  });
});
