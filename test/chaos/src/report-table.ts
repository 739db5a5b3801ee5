import type { ScenarioReport } from './run-scenario.ts';

const columns = [
  'scenario',
  'calls',
  'results',
  'not executed',
  'unknown',
  'lost',
  'ledger rows',
  'max lateness ms',
  'verdict',
];

/** The reports as a table, then what failed. */
export function renderReports(reports: readonly ScenarioReport[]): string {
  const rows = reports.map(({ name, calls, endings, ledgerRows, maxLatenessMs, findings }) => [
    name,
    String(calls),
    String(endings.result),
    String(endings['not-executed']),
    String(endings.unknown),
    String(endings.lost),
    String(ledgerRows),
    maxLatenessMs.toFixed(0),
    findings.length === 0 ? 'holds' : `${findings.length} findings`,
  ]);
  const widths = columns.map((title, index) => Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]) => cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ');
  return [columns, ...rows].map(line).join('\n');
}

const mostShown = 10;

/** What does not hold in a scenario; empty when all does. */
export function renderFindings({ name, findings }: ScenarioReport): string {
  const shown = findings.slice(0, mostShown).map((finding) => `  - ${finding}`);
  const rest = findings.length - shown.length;
  return findings.length === 0 ? '' : [`${name}:`, ...shown, ...(rest > 0 ? [`  and ${rest} more`] : [])].join('\n');
}
