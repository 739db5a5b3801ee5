import { describe, expect, it } from 'vitest';
import type { TargetName } from '../target-names.ts';
import { callRows } from './call.ts';
import { connectionRows } from './connections.ts';
import { listRow } from './list.ts';
import { listenRows } from './listen.ts';
import { idleRows } from './memory.ts';
import { rateRows } from './rate.ts';
import type { FixedRateMeasurement } from './rate.ts';
import { checkAnswerSize, failuresOf, inRounds } from './rounds.ts';
import type { Measurement } from './rounds.ts';

function measured(target: TargetName, change: Partial<Measurement> = {}): Measurement {
  return {
    target,
    request: 'tools/call',
    connections: 64,
    requests: 150_000,
    requestsPerSecond: 10_000,
    p50Ms: 5,
    p90Ms: 8,
    p99Ms: 12,
    maxMs: 30,
    bytesPerAnswer: 300,
    failed: 0,
    peakRssMib: 120,
    ...change,
  };
}

function atFixedRate(target: FixedRateMeasurement['target'], p99Ms: number): FixedRateMeasurement {
  return {
    target,
    requestedPerSecond: 5_000,
    requestsPerSecond: 5_000,
    p50Ms: 1,
    p90Ms: 2,
    p99Ms,
    maxMs: 9,
    latenessP99Ms: 0.2,
    bytesPerAnswer: 300,
    failed: 0,
    cpuUsPerRequest: 20,
  };
}

/** One round in which every promise about calls is kept at its limit. */
const keptCalls = [
  measured('gateway', { requestsPerSecond: 9_000, peakRssMib: 249 }),
  measured('bare loop', { requestsPerSecond: 12_000 }),
  measured('official server', { requestsPerSecond: 3_000 }),
  measured('mcp-nest', { requestsPerSecond: 1_500 }),
  measured('gateway', { connections: 1, p50Ms: 0.5 }),
  measured('bare loop', { connections: 1, p50Ms: 0.375 }),
  measured('official server', { connections: 1, p50Ms: 0.4 }),
];

const brokenIn = (rows: ReturnType<typeof callRows>) =>
  rows.filter(({ promised }) => promised?.kept === false).map(({ measure }) => measure);

describe('callRows', () => {
  it('compares with the bare loop and with the official server, and shows the peers that were measured', () => {
    const [rate, multiple] = callRows(keptCalls);
    expect(rate?.promised?.value).toBe(0.75);
    expect(multiple?.values).toEqual({ gateway: 3, 'bare loop': 4, 'official server': 1, 'mcp-nest': 0.5 });
    expect(brokenIn(callRows(keptCalls))).toEqual([]);
  });

  it('compares within each round, since the machine may be twice as fast in the next', () => {
    const slowRound = keptCalls.map((measurement) => ({
      ...measurement,
      requestsPerSecond: measurement.requestsPerSecond / 2,
    }));
    expect(callRows([...keptCalls, ...slowRound])[0]?.promised?.value).toBe(0.75);
  });

  it.each<[string, number, Partial<Measurement>]>([
    ['the same as a multiple of the official server', 64, { requestsPerSecond: 8_999 }],
    ['tools/call, 1 connection, p50 ms', 1, { p50Ms: 0.6 }],
    ['memory with 64 connections, peak RSS MiB', 64, { peakRssMib: 250 }],
  ])('says that "%s" is broken, and nothing else', (measure, connections, change) => {
    const measurements = keptCalls.map((measurement) =>
      measurement.target === 'gateway' && measurement.connections === connections
        ? { ...measurement, ...change }
        : measurement,
    );
    expect(brokenIn(callRows(measurements))).toEqual([measure]);
  });
});

describe('the other rows', () => {
  it.each([
    [8_000, true],
    [7_999, false],
  ])('a thousand connections with %d calls a second after 10,000 with 64: kept %s', (requestsPerSecond, kept) => {
    const rows = connectionRows([measured('gateway'), measured('gateway', { connections: 1000, requestsPerSecond })]);
    expect(rows[0]?.promised?.kept).toBe(kept);
  });

  it('lists are compared with those of as many tools', () => {
    const lists = [
      measured('gateway', { connections: 16, request: 'tools/list with 5 tools', requestsPerSecond: 5_000 }),
      measured('official server', { connections: 16, request: 'tools/list with 5 tools', requestsPerSecond: 1_000 }),
      measured('gateway', { connections: 16, request: 'tools/list with 500 tools', requestsPerSecond: 499 }),
      measured('official server', { connections: 16, request: 'tools/list with 500 tools', requestsPerSecond: 100 }),
    ];
    expect(listRow(lists, 5).promised).toMatchObject({ value: 5, kept: true });
    expect(listRow(lists, 500).promised).toMatchObject({ value: 4.99, kept: false });
  });

  it.each([
    [4, true],
    [4.1, false],
  ])('a p99 of %d ms where the bare loop has 2 ms: kept %s', (p99Ms, kept) => {
    const rows = rateRows([atFixedRate('gateway', p99Ms), atFixedRate('bare loop', 2)]);
    expect(rows.find(({ promised }) => promised)?.promised?.kept).toBe(kept);
  });

  it('an idle gateway with telemetry may take more than one without', () => {
    const idle = (telemetry: boolean) => ({ target: 'gateway' as const, telemetry, idleRssMib: 130 });
    expect(idleRows([idle(false), idle(true)]).map(({ promised }) => promised?.kept)).toEqual([false, true]);
  });

  it('of all changes that listeners hear of, the slowest counts', () => {
    const rows = listenRows({ streams: 10_240, idleRssMib: 100, rssWithStreamsMib: 500, toAllMs: [300, 1_001, 200] });
    expect(rows.map(({ promised }) => [promised?.value, promised?.kept])).toEqual([
      [40, true],
      [1_001, false],
    ]);
  });
});

describe('inRounds', () => {
  it('takes every second round backwards, so that no step always follows the same one', async () => {
    const steps = ['a', 'b', 'c'].map((name) => () => Promise.resolve(name));
    expect((await inRounds(2, steps)).join('')).toBe('abccba');
  });
});

describe('checkAnswerSize', () => {
  const warmUp = { bytesPerAnswer: 100_000, requests: 1_000, connections: 0 };

  it.each([
    ['as large as those of the warm-up', 100_100, 1_000],
    ['few, with a part of one more on each connection', 140_000, 100],
  ])('takes answers that are %s', (_, bytesPerAnswer, requests) => {
    expect(() => checkAnswerSize('gateway', { bytesPerAnswer, requests, connections: 64 }, warmUp)).not.toThrow();
  });

  it.each([
    ['all errors', 300, 100],
    ['a tenth of them errors', 90_030, 10_000],
  ])('refuses answers that are %s', (_, bytesPerAnswer, requests) => {
    expect(() => checkAnswerSize('gateway', { bytesPerAnswer, requests, connections: 64 }, warmUp)).toThrow(
      'gateway answered with',
    );
  });
});

describe('failuresOf', () => {
  it("counts the gateway's and tells of a peer's", () => {
    const measurements = [
      measured('gateway', { failed: 2 }),
      measured('mcp-proxy', { failed: 3 }),
      measured('gateway', { failed: 1 }),
      measured('mcp-nest'),
    ];
    expect(failuresOf(measurements)).toEqual({
      failed: 3,
      notes: ['mcp-proxy left 3 requests without a right answer.'],
    });
  });
});
