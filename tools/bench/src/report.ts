import type { LoadResult } from './wrk.ts';

/** The three things that are measured. */
export type TargetName = 'gateway' | 'official server' | 'bare loop';

/** One run of wrk against one target. */
export interface Measurement extends LoadResult {
  target: TargetName;
  connections: number;
  /** Most resident memory of the target's front process during the run. */
  peakRssMb: number;
}

/** Medians over the rounds. */
export interface TargetSummary {
  target: TargetName;
  requestsPerSecond64: number;
  p50Ms64: number;
  p99Ms64: number;
  p50Ms1: number;
  peakRssMb: number;
  failed: number;
}

/** One promise and what became of it. */
export interface Goal {
  name: string;
  measured: number;
  /** `least` and `most` are inclusive limits; `below` is exclusive. */
  limit: { least: number } | { below: number } | { most: number };
  met: boolean;
}

/** What the numbers of a whole benchmark say. */
export interface Report {
  summaries: TargetSummary[];
  gatewayToOfficialServer: number;
  gatewayToBareLoop: number;
  goals: Goal[];
}

const targetNames: TargetName[] = ['gateway', 'official server', 'bare loop'];

/** The median; of an even number of values the lower one, so that it is a value that was measured. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (middle === undefined) throw new Error('a median needs a value');
  return middle;
}

/** Condenses the measurements to medians, ratios and kept or broken promises. */
export function createReport(measurements: Measurement[]): Report {
  const summaries = targetNames.map((target) => summarize(target, measurements));
  const [gateway, officialServer, bareLoop] = summaries as [TargetSummary, TargetSummary, TargetSummary];
  const gatewayToOfficialServer = gateway.requestsPerSecond64 / officialServer.requestsPerSecond64;
  const gatewayToBareLoop = gateway.requestsPerSecond64 / bareLoop.requestsPerSecond64;
  const failed = summaries.reduce((sum, summary) => sum + summary.failed, 0);
  return {
    summaries,
    gatewayToOfficialServer,
    gatewayToBareLoop,
    goals: [
      goal('throughput, multiple of the official server', gatewayToOfficialServer, { least: 3 }),
      goal('p50 with one connection, ms', gateway.p50Ms1, { below: 1.2 }),
      goal('gateway memory under load, MB', gateway.peakRssMb, { below: 250 }),
      goal('failed calls', failed, { most: 0 }),
    ],
  };
}

function summarize(target: TargetName, measurements: Measurement[]): TargetSummary {
  const own = measurements.filter((measurement) => measurement.target === target);
  const loaded = own.filter(({ connections }) => connections === 64);
  const single = own.filter(({ connections }) => connections === 1);
  return {
    target,
    requestsPerSecond64: median(loaded.map(({ requestsPerSecond }) => requestsPerSecond)),
    p50Ms64: median(loaded.map(({ p50Ms }) => p50Ms)),
    p99Ms64: median(loaded.map(({ p99Ms }) => p99Ms)),
    p50Ms1: median(single.map(({ p50Ms }) => p50Ms)),
    peakRssMb: Math.max(...own.map(({ peakRssMb }) => peakRssMb)),
    failed: own.reduce((sum, measurement) => sum + measurement.failed, 0),
  };
}

function goal(name: string, measured: number, limit: Goal['limit']): Goal {
  return { name, measured, limit, met: isWithin(measured, limit) };
}

function isWithin(measured: number, limit: Goal['limit']): boolean {
  if ('least' in limit) return measured >= limit.least;
  return 'below' in limit ? measured < limit.below : measured <= limit.most;
}

/** The report as lines for a terminal. */
export function renderReport(report: Report): string {
  const bareLoop = report.summaries.at(-1)?.requestsPerSecond64 ?? 0;
  const rows = report.summaries.map((summary) => [
    summary.target,
    String(Math.round(summary.requestsPerSecond64)),
    (summary.requestsPerSecond64 / bareLoop).toFixed(2),
    summary.p50Ms64.toFixed(2),
    summary.p99Ms64.toFixed(2),
    summary.p50Ms1.toFixed(2),
    String(Math.round(summary.peakRssMb)),
    String(summary.failed),
  ]);
  const heads = [
    'target',
    'c=64 req/s',
    'of bare loop',
    'c=64 p50 ms',
    'c=64 p99 ms',
    'c=1 p50 ms',
    'RSS MB',
    'failed',
  ];
  return [
    ...alignColumns([heads, ...rows]),
    '',
    `gateway : official server = ${report.gatewayToOfficialServer.toFixed(2)}`,
    `gateway : bare loop       = ${report.gatewayToBareLoop.toFixed(2)}`,
    '',
    ...report.goals.map(
      ({ name, measured, limit, met }) =>
        `${met ? 'kept  ' : 'BROKEN'}  ${name}: ${Number(measured.toFixed(2))} (${Object.entries(limit)[0]?.join(' ')})`,
    ),
  ].join('\n');
}

function alignColumns(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  );
}
