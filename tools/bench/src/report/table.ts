import { targetNames } from '../target-names.ts';
import type { Limit, Row } from './row.ts';

const heads = ['measure', ...targetNames, 'result', 'promise', ''];

/** The report as a table for a terminal. */
export function renderTable(rows: Row[]): string {
  const cells = rows.map(({ measure, values, promised }) => [
    measure,
    ...targetNames.map((target) => number(values[target])),
    promised === undefined ? '' : `${number(promised.value)} ${promised.of}`,
    promised === undefined ? '' : describe(promised.limit),
    promised === undefined ? '' : verdict(promised.kept),
  ]);
  return alignColumns([heads, ...cells]).join('\n');
}

function verdict(kept: boolean): string {
  return kept ? 'kept' : 'BROKEN';
}

function describe(limit: Limit): string {
  const aim = limit.aim === undefined ? '' : `, aim ${limit.aim}`;
  if ('least' in limit) return `at least ${limit.least}${aim}`;
  return 'below' in limit ? `below ${limit.below}${aim}` : `at most ${limit.most}${aim}`;
}

function number(value: number | undefined): string {
  if (value === undefined) return '';
  return Math.abs(value) >= 100 ? String(Math.round(value)) : value.toFixed(2);
}

function alignColumns(rows: string[][]): string[] {
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const isText = (column: number) => column === 0 || column > targetNames.length;
  return rows.map((row) =>
    row
      .map((cell, column) => (isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
