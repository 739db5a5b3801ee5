import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runStep, staticSteps } from './steps.ts';
import { summarize } from './summary.ts';
import type { TestReport } from './summary.ts';

// `npm test`: every static step, every test, the conformance suite; then one summary that names what did not run.
const work = mkdtempSync(path.join(tmpdir(), 'gatehouse-test-'));
const reportFile = path.join(work, 'vitest.json');
const notRunFile = path.join(work, 'not-run.txt');
const environment = { ...process.env, GATEHOUSE_NOT_RUN_FILE: notRunFile };

const failedSteps: string[] = [];
for (const step of staticSteps) {
  if ((await runStep(step, environment)) !== 0) failedSteps.push(step.name);
}
const dynamicSteps = [
  {
    name: 'tests',
    command: ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`],
  },
  { name: 'conformance', command: ['node', 'test/conformance/src/run.ts'] },
];
if (failedSteps.includes('build')) failedSteps.push(...dynamicSteps.map((step) => step.name));
else {
  for (const step of dynamicSteps) {
    if ((await runStep(step, environment)) !== 0) failedSteps.push(step.name);
  }
}

const report = existsSync(reportFile) ? (JSON.parse(readFileSync(reportFile, 'utf8')) as TestReport) : undefined;
const notRun = existsSync(notRunFile) ? readFileSync(notRunFile, 'utf8').split('\n').filter(Boolean) : [];
rmSync(work, { recursive: true, force: true });
const summary = summarize({ report, failedSteps, notRun, continuousIntegration: process.env.CI === 'true' });
console.log(`\n${summary.text}`);
process.exitCode = summary.exitCode;
