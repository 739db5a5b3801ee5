import { setTimeout as delay } from 'node:timers/promises';
import type { CallRecord, Ending } from './call-record.ts';
import { latenessMs } from './call-record.ts';
import type { Deployment } from './deployment.ts';
import { EventLoopLag } from './event-loop-lag.ts';
import { judge } from './judge.ts';
import { readLedger } from './ledger.ts';
import { SeededRandom } from './random.ts';
import { Stage } from './scenario.ts';
import type { Scenario } from './scenario.ts';

/** What one scenario came to: a row of the table, and what is to be said about it. */
export interface ScenarioReport {
  name: string;
  calls: number;
  endings: Readonly<Record<Ending, number>>;
  ledgerRows: number;
  /** How long after its deadline the latest call ended; 0 when none was late. */
  maxLatenessMs: number;
  seconds: number;
  notes: string[];
  findings: string[];
}

/** How long rows of calls that nobody waits for any more may still come. */
const settleMs = 300;

/** Runs one scenario on a deployment and compares its callers with the ledger. */
export async function runScenario(
  scenario: Scenario,
  deployment: Deployment,
  { seed, full }: { seed: number; full: boolean },
): Promise<ScenarioReport> {
  const startedAt = performance.now();
  const lag = new EventLoopLag();
  const random = new SeededRandom(seed);
  const stage = new Stage(scenario.name, { deployment, random, full, lag });
  try {
    await scenario.run(stage);
  } catch (error) {
    stage.findings.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  await delay(settleMs);
  const rows = readLedger(deployment.ledgerFile).filter(({ key }) => stage.owns(key));
  stage.findings.push(...judge(stage.calls, rows, lag.maxMs));
  lag.close();
  return {
    name: scenario.name,
    calls: stage.calls.length,
    endings: countEndings(stage.calls),
    ledgerRows: rows.filter(({ event }) => event === 'executed').length,
    maxLatenessMs: Math.max(0, ...stage.calls.map(latenessMs)),
    seconds: (performance.now() - startedAt) / 1_000,
    notes: stage.notes,
    findings: stage.findings,
  };
}

function countEndings(calls: readonly CallRecord[]): Record<Ending, number> {
  const counts = { result: 0, 'not-executed': 0, unknown: 0, lost: 0, silent: 0, refused: 0 };
  for (const { ending } of calls) counts[ending]++;
  return counts;
}
