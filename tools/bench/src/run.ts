import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeMachine } from './machine.ts';
import { parseOptions, sectionNames, usage } from './options.ts';
import type { BenchOptions, SectionName } from './options.ts';
import { renderChart } from './report/chart.ts';
import type { BenchResult } from './report/result-file.ts';
import { promise } from './report/row.ts';
import { renderTable } from './report/table.ts';
import type { SectionResult } from './sections/section.ts';
import { requireWrk } from './wrk.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
const formatter = path.join(root, 'node_modules/oxfmt/bin/oxfmt');
const resultFile = path.join(import.meta.dirname, '../results/latest.json');
const authResultFile = path.join(import.meta.dirname, '../results/auth.json');
const chartFile = path.join(root, 'docs/images/bench.svg');

async function bench(options: BenchOptions): Promise<BenchResult> {
  requireWrk();
  build('apps/gateway', 'tools/bench/src/decorated');
  // Only now: what it imports is built by the step before.
  const { sections } = await import('./sections/sections.ts');
  console.log(`measuring: ${options.only.join(', ')}; ${options.rounds} rounds, ${options.seconds} s for one run`);
  const results = new Map<SectionName, SectionResult>();
  for (const name of options.only) results.set(name, await sections[name](options));
  const result = combine(options, results);
  console.log(`\n${[renderTable(result.rows), '', ...result.notes].join('\n')}`);
  if (!options.quick && options.only === sectionNames) write(result);
  return result;
}

/** The benchmark of the authorization server, which stands alone: it needs no wrk, and nothing of the gateway. */
async function benchAuth(options: BenchOptions): Promise<boolean> {
  build('apps/authorization-server', 'libs/auth');
  const { measureAuth } = await import('./auth/measure-auth.ts');
  const { renderAuthTable } = await import('./auth/auth-report.ts');
  console.log(`measuring: auth; ${options.rounds} rounds, ${options.seconds} s for one run`);
  const result = await measureAuth(options);
  console.log(`\n${renderAuthTable(result.rows)}\n`);
  if (!options.quick) writeFile(authResultFile, `${JSON.stringify(result, undefined, 2)}\n`);
  return result.failed === 0 && result.rows.every(({ promised }) => promised?.kept !== false);
}

function build(...projects: string[]): void {
  const { status } = spawnSync(process.execPath, [compiler, '-b', ...projects], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('the build failed');
}

function combine({ seconds, rounds }: BenchOptions, results: Map<SectionName, SectionResult>): BenchResult {
  const sections = [...results.values()];
  const failed = sections.reduce((sum, section) => sum + section.failed, 0);
  return {
    measuredAt: new Date().toISOString(),
    machine: describeMachine(),
    seconds,
    rounds,
    rows: [
      ...sections.flatMap(({ rows }) => rows),
      {
        measure: 'requests without a right answer',
        values: { gateway: failed },
        promised: promise('requests', failed, { most: 0 }),
      },
    ],
    notes: sections.flatMap(({ notes }) => notes),
    measurements: Object.fromEntries([...results].map(([name, { measurements }]) => [name, measurements])),
  };
}

function write(result: BenchResult): void {
  writeFile(chartFile, renderChart(result));
  writeFile(resultFile, `${JSON.stringify(result, undefined, 2)}\n`);
}

function writeFile(file: string, content: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  console.log(`written to ${path.relative(root, file)}`);
  // As all files of the repository are: its checks look at results too.
  if (file.endsWith('.json')) {
    spawnSync(process.execPath, [formatter, file], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  }
}

try {
  const options = parseOptions(process.argv.slice(2));
  const isKept = options.isAboutAuth
    ? await benchAuth(options)
    : (await bench(options)).rows.every(({ promised }) => promised?.kept !== false);
  process.exitCode = isKept ? 0 : 1;
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n\n${usage}` : String(error));
  process.exitCode = 1;
}
