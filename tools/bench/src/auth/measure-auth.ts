import { describeSystem } from '../machine.ts';
import type { Machine } from '../machine.ts';
import type { BenchOptions } from '../options.ts';
import { inRounds } from '../sections/rounds.ts';
import type { Work } from './auth-load.ts';
import { authRows } from './auth-report.ts';
import type { AuthMeasurement, AuthRow } from './auth-report.ts';
import { AuthStack } from './auth-stack.ts';
import { LoadProcess } from './load-process.ts';
import { processorSeconds } from './processor-time.ts';
import { measureTokenChecks } from './token-check.ts';
import type { TokenCheckResult } from './token-check.ts';

/** So many ask at a time: more than the server has connections to its database. */
const people = 16;
const works: Work[] = ['refresh', 'code flow'];

/** What the benchmark of the authorization server found; the content of `results/auth.json`. */
export interface AuthBenchResult {
  measuredAt: string;
  machine: Omit<Machine, 'wrk'>;
  seconds: number;
  rounds: number;
  rows: AuthRow[];
  measurements: AuthMeasurement[];
  tokenChecks: TokenCheckResult[];
  /** Refreshes and flows without a right answer. */
  failed: number;
}

/**
 * Measures the authorization server beside a bare provider, in turns. Both are asked by the same people's process; both serve
 * people who are signed in already, for a sign-in is an Argon2id hash, which the bare provider does not have.
 */
export async function measureAuth({ seconds, rounds }: BenchOptions): Promise<AuthBenchResult> {
  const tokenChecks = await measureTokenChecks(rounds);
  await using stack = await AuthStack.start();
  using loads = new DisposableStack();
  const servers: Server[] = [];
  for (const server of ['gatehouse', 'bare provider'] as const) {
    const started = server === 'gatehouse' ? stack.gatehouse : stack.bare;
    const load = loads.use(new LoadProcess());
    servers.push({ server, started, load });
    await load.prepare(started.target, people);
  }
  // The first run of each warms up and counts for nothing.
  const warmUps = servers.flatMap((one) => works.map((work) => () => measure(one, work, Math.min(3, seconds))));
  await inRounds(1, warmUps);
  const steps = works.flatMap((work) => servers.map((one) => () => measure(one, work, seconds)));
  const measurements = await inRounds(rounds, steps);
  return {
    measuredAt: new Date().toISOString(),
    machine: describeSystem(),
    seconds,
    rounds,
    rows: authRows(measurements, tokenChecks),
    measurements,
    tokenChecks,
    failed: measurements.reduce((sum, { failed }) => sum + failed, 0),
  };
}

interface Server {
  server: AuthMeasurement['server'];
  started: AuthStack['gatehouse'];
  load: LoadProcess;
}

async function measure({ server, started, load }: Server, work: Work, seconds: number): Promise<AuthMeasurement> {
  const spent = () => ({
    server: processorSeconds(started.pid),
    database: started.databasePid === undefined ? 0 : processorSeconds(started.databasePid),
  });
  // The longer a lineage, the slower is an adapter that keeps it in one list: every run begins with young ones.
  if (work === 'refresh') await load.beginGrants();
  const before = spent();
  const result = await load.run(work, people, seconds);
  const after = spent();
  const each = (total: number) => (total * 1_000) / Math.max(1, result.perSecond * seconds);
  const measurement = {
    server,
    work,
    people,
    serverMs: each(after.server - before.server),
    databaseMs: each(after.database - before.database),
    ...result,
  };
  console.log(
    `${server.padEnd(14)} ${work.padEnd(10)} ${Math.round(result.perSecond)}/s, p50 ${result.p50Ms.toFixed(1)} ms, processor ${measurement.serverMs.toFixed(2)} + ${measurement.databaseMs.toFixed(2)} ms${result.failed > 0 ? `, ${result.failed} FAILED` : ''}`,
  );
  return measurement;
}
