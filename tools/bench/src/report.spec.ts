import { describe, expect, it } from 'vitest';
import { createReport, median, renderReport } from './report.ts';
import type { Measurement, TargetName } from './report.ts';

function measured(target: TargetName, change: Partial<Measurement> = {}): Measurement {
  return {
    target,
    connections: 64,
    requestsPerSecond: 10_000,
    p50Ms: 5,
    p90Ms: 8,
    p99Ms: 12,
    maxMs: 30,
    bytesPerAnswer: 300,
    failed: 0,
    peakRssMb: 120,
    ...change,
  };
}

/** A benchmark of one round that keeps every promise. */
function keptPromises(): Measurement[] {
  return [
    measured('gateway', { requestsPerSecond: 9000 }),
    measured('gateway', { connections: 1, p50Ms: 0.8 }),
    measured('official server', { requestsPerSecond: 3000 }),
    measured('official server', { connections: 1, p50Ms: 0.4 }),
    measured('bare loop', { requestsPerSecond: 12_000 }),
    measured('bare loop', { connections: 1, p50Ms: 0.3 }),
  ];
}

describe('median', () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });
});

describe('createReport', () => {
  it('gives the ratios of the rates and keeps promises that are met exactly at their limit', () => {
    const report = createReport(keptPromises());
    expect(report.gatewayToOfficialServer).toBe(3);
    expect(report.gatewayToBareLoop).toBe(0.75);
    expect(report.goals.map(({ met }) => met)).toEqual([true, true, true, true]);
  });

  it('takes medians over the rounds, but the peak of memory and the sum of failures', () => {
    const rounds = [1000, 9000, 8000].map((requestsPerSecond, round) =>
      measured('gateway', { requestsPerSecond, peakRssMb: 100 + round, failed: round }),
    );
    const [gateway] = createReport([...keptPromises().slice(1), ...rounds]).summaries;
    expect(gateway).toMatchObject({ requestsPerSecond64: 8000, p50Ms1: 0.8, peakRssMb: 120, failed: 3 });
  });

  it.each<[string, number, Partial<Measurement>]>([
    ['throughput, multiple of the official server', 64, { requestsPerSecond: 8999 }],
    ['p50 with one connection, ms', 1, { p50Ms: 1.2 }],
    ['gateway memory under load, MB', 64, { peakRssMb: 250 }],
    ['failed calls', 1, { failed: 1 }],
  ])('says that "%s" is broken, and nothing else', (name, connections, change) => {
    const measurements = keptPromises().map((measurement) =>
      measurement.target === 'gateway' && measurement.connections === connections
        ? { ...measurement, ...change }
        : measurement,
    );
    const broken = createReport(measurements).goals.filter(({ met }) => !met);
    expect(broken.map((goal) => goal.name)).toEqual([name]);
  });
});

describe('renderReport', () => {
  it('prints one row per target, both ratios and every promise', () => {
    const lines = renderReport(createReport(keptPromises())).split('\n');
    expect(lines[1]).toMatch(/^gateway +9000 +0\.75 +5\.00 +12\.00 +0\.80 +120 +0$/);
    expect(lines).toContain('gateway : official server = 3.00');
    expect(lines).toContain('kept    p50 with one connection, ms: 0.8 (below 1.2)');
  });
});
