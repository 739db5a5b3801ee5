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
const chartFile = path.join(root, 'docs/images/bench.svg');

async function bench(options: BenchOptions): Promise<BenchResult> {
  requireWrk();
  build();
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

function build(): void {
  const { status } = spawnSync(process.execPath, [compiler, '-b', 'apps/gateway', 'tools/bench/src/decorated'], {
    cwd: root,
    stdio: 'inherit',
  });
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
  for (const [file, content] of [
    [resultFile, `${JSON.stringify(result, undefined, 2)}\n`],
    [chartFile, renderChart(result)],
  ] as const) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    console.log(`written to ${path.relative(root, file)}`);
  }
  // As all files of the repository are: its checks look at this one too.
  spawnSync(process.execPath, [formatter, resultFile], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}

try {
  const { rows } = await bench(parseOptions(process.argv.slice(2)));
  process.exitCode = rows.every(({ promised }) => promised?.kept !== false) ? 0 : 1;
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n\n${usage}` : String(error));
  process.exitCode = 1;
}
