import { describe, expect, it } from 'vitest';
import { formatTraceparent, parseTraceparent, startSpan } from './trace-context.ts';

const valid = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('traceparent', () => {
  it('is read and written without loss (W3C Trace Context §3.2)', () => {
    const context = parseTraceparent(valid);
    expect(context).toEqual({ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true });
    expect(context && formatTraceparent(context)).toBe(valid);
  });

  it('of a later version is read by its first four fields (§3.2.4)', () => {
    expect(parseTraceparent(`01${valid.slice(2)}-extra`)?.sampled).toBe(true);
  });

  it.each([
    ['nothing', undefined],
    ['version ff', `ff${valid.slice(2)}`],
    ['an all-zero trace id', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['an all-zero span id', `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`],
    ['upper case', valid.toUpperCase()],
    ['version 00 with a fifth field', `${valid}-extra`],
  ])('is ignored when it is %s', (_, value) => {
    expect(parseTraceparent(value)).toBeUndefined();
  });
});

describe('startSpan', () => {
  it('keeps the trace of its parent and takes a new span id', () => {
    const parent = parseTraceparent(valid);
    const span = startSpan(parent);
    expect(span.traceId).toBe(parent?.traceId);
    expect(span.spanId).not.toBe(parent?.spanId);
    expect(span.sampled).toBe(true);
  });

  it('starts a valid trace of its own without a parent, over and over', () => {
    const spans = Array.from({ length: 2_000 }, () => startSpan());
    expect(spans.every((span) => parseTraceparent(formatTraceparent(span)) !== undefined)).toBe(true);
    expect(new Set(spans.map((span) => span.traceId)).size).toBe(spans.length);
  });
});
