import { describe, expect, it } from 'vitest';
import { authRows, renderAuthTable } from './auth-report.ts';
import type { AuthMeasurement } from './auth-report.ts';

const run = (server: AuthMeasurement['server'], work: AuthMeasurement['work'], perSecond: number): AuthMeasurement => ({
  server,
  work,
  perSecond,
  people: 16,
  p50Ms: 1,
  p99Ms: 2,
  failed: 0,
  serverMs: 0.5,
  databaseMs: 0.25,
});

/** Three rounds of a machine that slows down, with the share that is given. */
const rounds = (work: AuthMeasurement['work'], share: number) =>
  [1_000, 500, 100].flatMap((bare) => [run('gatehouse', work, bare * share), run('bare provider', work, bare)]);

describe('the report of the authorization server', () => {
  it('judges each promise by what is measured in one round', () => {
    const checks = [{ cachedUs: 2, uncachedUs: 100 }];
    const rows = authRows([...rounds('refresh', 0.5), ...rounds('code flow', 0.3)], checks);
    const promised = rows.flatMap((row) => (row.promised ? [row.promised] : []));
    expect(promised.map(({ value, kept }) => [value, kept])).toEqual([
      [0.5, true],
      [0.3, false],
      [0.02, true],
    ]);
    expect(renderAuthTable(rows)).toContain('0.30 of the bare provider  least 0.4  BROKEN');
  });

  it('breaks the promise of the token check above a tenth', () => {
    const measurements = [...rounds('refresh', 1), ...rounds('code flow', 1)];
    const rows = authRows(measurements, [{ cachedUs: 11, uncachedUs: 100 }]);
    expect(rows.at(-1)?.promised).toMatchObject({ value: 0.11, kept: false });
  });
});
