import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseWrkOutput, requireWrk } from './wrk.ts';

const counted = {
  requests: 89_322,
  durationUs: 5_000_000,
  bytes: 24_831_516,
  p50Us: 3203,
  p90Us: 5994,
  p99Us: 13_856,
  maxUs: 29_001,
  wrong: 0,
  errors: { connect: 0, read: 0, write: 0, status: 0, timeout: 0 },
};

function outputOf(result: object): string {
  return `Running 5s test @ http://127.0.0.1:41990/mcp
  1 threads and 64 connections
  89322 requests in 5.00s, 23.68MB read
Requests/sec:  17864.40
load-result ${JSON.stringify(result)}
`;
}

afterEach(() => vi.unstubAllEnvs());

describe('parseWrkOutput', () => {
  it('gives the rate over the measured time, latencies in milliseconds and the mean size of an answer', () => {
    expect(parseWrkOutput(outputOf(counted))).toEqual({
      requests: 89_322,
      requestsPerSecond: 17_864.4,
      p50Ms: 3.203,
      p90Ms: 5.994,
      p99Ms: 13.856,
      maxMs: 29.001,
      bytesPerAnswer: 278,
      failed: 0,
    });
  });

  it('counts refused, lost, late and wrong answers as failed', () => {
    const errors = { connect: 1, read: 2, write: 3, status: 4, timeout: 5 };
    expect(parseWrkOutput(outputOf({ ...counted, wrong: 6, errors })).failed).toBe(21);
  });

  it.each([
    ['no result line', 'unable to connect to 127.0.0.1:1 Connection refused\n', 'wrk printed no result'],
    ['no answer at all', outputOf({ ...counted, requests: 0 }), 'wrk got no answer'],
    ['a result without its errors', outputOf({ ...counted, errors: {} }), 'connect'],
    ['a negative count', outputOf({ ...counted, bytes: -1 }), 'bytes'],
  ])('refuses %s', (_, output, sentence) => {
    expect(() => parseWrkOutput(output)).toThrow(sentence);
  });
});

describe('requireWrk', () => {
  it('says in one sentence what to install when wrk is not on PATH', () => {
    vi.stubEnv('PATH', '/nonexistent');
    expect(requireWrk).toThrow('The benchmark needs wrk on PATH: install it');
  });
});
