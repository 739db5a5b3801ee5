import { describe, expect, it } from 'vitest';
import { newTraceId, parseTraceparent } from './trace-context.ts';

const valid = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('traceparent', () => {
  it('is read (W3C Trace Context §3.2)', () => {
    expect(parseTraceparent(valid)).toEqual({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      sampled: true,
    });
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

describe('a new trace', () => {
  it('has a valid id of its own, over and over', () => {
    const ids = Array.from({ length: 2_000 }, () => newTraceId());
    expect(ids.every((id) => parseTraceparent(`00-${id}-b7ad6b7169203331-01`) !== undefined)).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
