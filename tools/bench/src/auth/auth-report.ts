import { median, pairedMedian, promise } from '../report/row.ts';
import type { Limit } from '../report/row.ts';
import type { LoadResult, Work } from './auth-load.ts';
import type { TokenCheckResult } from './token-check.ts';

/** One run of one kind of work against one server. */
export interface AuthMeasurement extends LoadResult {
  server: 'gatehouse' | 'bare provider';
  work: Work;
  people: number;
  /** Milliseconds of processor for each refresh or flow. */
  serverMs: number;
  databaseMs: number;
}

/** A line of the report. */
export interface AuthRow {
  measure: string;
  gatehouse: number;
  /** What it is compared with. */
  other: number;
  promised?: ReturnType<typeof promise>;
}

const leastShare: Record<Work, Limit> = { refresh: { least: 0.5 }, 'code flow': { least: 0.4 } };
const mostOfUncached: Limit = { most: 0.1 };

/** What the measurements say. */
export function authRows(measurements: AuthMeasurement[], checks: TokenCheckResult[]): AuthRow[] {
  const of = (server: AuthMeasurement['server'], work: Work, key: 'perSecond' | 'p50Ms' | 'serverMs' | 'databaseMs') =>
    measurements.filter((one) => one.server === server && one.work === work).map((one) => one[key]);
  const row = (work: Work, key: 'perSecond' | 'p50Ms' | 'serverMs' | 'databaseMs') => ({
    gatehouse: median(of('gatehouse', work, key)),
    other: median(of('bare provider', work, key)),
  });
  const works: Work[] = ['refresh', 'code flow'];
  return [
    ...works.flatMap((work): AuthRow[] => {
      const [own, bare] = [of('gatehouse', work, 'perSecond'), of('bare provider', work, 'perSecond')];
      const share = pairedMedian(own, bare, (a, b) => a / b);
      return [
        {
          measure: `${work}, per second`,
          ...row(work, 'perSecond'),
          promised: promise('of the bare provider', share, leastShare[work]),
        },
        { measure: `${work}, p50 ms`, ...row(work, 'p50Ms') },
        { measure: `${work}, ms of processor of the server`, ...row(work, 'serverMs') },
        { measure: `${work}, ms of processor of its database`, ...row(work, 'databaseMs') },
      ];
    }),
    checkRow(checks),
  ];
}

function checkRow(checks: TokenCheckResult[]): AuthRow {
  const [cached, uncached] = [checks.map((one) => one.cachedUs), checks.map((one) => one.uncachedUs)];
  return {
    measure: 'token check at the gateway, us: cached and not',
    gatehouse: median(cached),
    other: median(uncached),
    promised: promise(
      'of an uncached one',
      pairedMedian(cached, uncached, (a, b) => a / b),
      mostOfUncached,
    ),
  };
}

/** The report as a table for a terminal. */
export function renderAuthTable(rows: AuthRow[]): string {
  const cells = [
    ['measure', 'gatehouse', 'compared', 'result', 'promise', ''],
    ...rows.map(({ measure, gatehouse, other, promised }) => [
      measure,
      number(gatehouse),
      number(other),
      promised ? `${number(promised.value)} ${promised.of}` : '',
      promised ? Object.entries(promised.limit).flat().join(' ') : '',
      promised ? (promised.kept ? 'kept' : 'BROKEN') : '',
    ]),
  ];
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0))) ?? [];
  return cells
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function number(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(2);
}
