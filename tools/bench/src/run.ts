import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeMachine } from './machine.ts';
import { measure } from './measure.ts';
import { parseOptions, usage } from './options.ts';
import type { BenchOptions } from './options.ts';
import { createReport, renderReport } from './report.ts';
import type { Measurement, Report } from './report.ts';
import { requireWrk } from './wrk.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
const resultFile = path.join(import.meta.dirname, '../results/latest.json');

async function bench(options: BenchOptions): Promise<Report> {
  requireWrk();
  build();
  // Only now: what it imports is built by the step before.
  const { startStack } = await import('./stack.ts');
  const stack = await startStack();
  try {
    console.log(`measuring: ${options.rounds} rounds of ${options.seconds} s per target and number of connections`);
    const measurements = await measure(stack.targets, options, printMeasurement);
    const report = createReport(measurements);
    console.log(`\n${renderReport(report)}`);
    if (!options.quick) writeResult(options, report, measurements);
    return report;
  } finally {
    await stack.stop();
  }
}

function build(): void {
  const { status } = spawnSync(process.execPath, [compiler, '-b', 'apps/gateway', 'tools/bench/src/echo-worker'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the build failed');
}

function printMeasurement({ target, connections, requestsPerSecond, p50Ms, failed }: Measurement): void {
  const rate = Math.round(requestsPerSecond);
  console.log(`${target.padEnd(16)} c=${connections}: ${rate} req/s, p50 ${p50Ms.toFixed(2)} ms, ${failed} failed`);
}

function writeResult(options: BenchOptions, report: Report, measurements: Measurement[]): void {
  const { seconds, rounds } = options;
  const result = {
    measuredAt: new Date().toISOString(),
    machine: describeMachine(),
    seconds,
    rounds,
    report,
    measurements,
  };
  mkdirSync(path.dirname(resultFile), { recursive: true });
  writeFileSync(resultFile, `${JSON.stringify(result, undefined, 2)}\n`);
  console.log(`\nwritten to ${path.relative(root, resultFile)}`);
}

try {
  const report = await bench(parseOptions(process.argv.slice(2)));
  process.exitCode = report.goals.every(({ met }) => met) ? 0 : 1;
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n\n${usage}` : String(error));
  process.exitCode = 1;
}
