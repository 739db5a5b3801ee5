import { runOpenLoop } from '../open-loop/run-open-loop.ts';
import type { FixedRateResult } from '../open-loop/open-loop.ts';
import type { BenchOptions } from '../options.ts';
import { echoCall, headersTo } from '../prepared-request.ts';
import { median, pairedMedian, promise } from '../report/row.ts';
import type { Row } from '../report/row.ts';
import { Stack } from '../stack.ts';
import { peer, startBareLoop, startGateway } from '../targets.ts';
import { check, checkAnswerSize, measure } from './rounds.ts';
import type { CheckedTarget } from './rounds.ts';
import type { SectionResult } from './section.ts';

const shareOfMaximum = 0.6;
const connections = 128;

/** One run at a fixed rate; `load generator` is the generator itself, before a server that answers at once. */
export interface FixedRateMeasurement extends FixedRateResult {
  target: 'gateway' | 'bare loop' | 'load generator';
  requestedPerSecond: number;
}

/** Latency at the same fixed rate: in each round 60 % of what the bare loop has just reached. */
export async function measureAtFixedRate(options: BenchOptions): Promise<SectionResult> {
  await using stack = await Stack.start(['bench']);
  const gateway = await check(await startGateway(stack), echoCall, options);
  const bareLoop = await check(await startBareLoop(stack), echoCall, options);
  const { port } = await stack.processes.startPeer(peer('bare-http.ts'), {});
  const generatorUrl = `http://127.0.0.1:${port}/`;
  const measurements: FixedRateMeasurement[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const shortSeconds = Math.ceil(options.seconds / 3);
    const { requestsPerSecond } = await measure(bareLoop, 'its maximum', 64, shortSeconds);
    const rate = Math.round(requestsPerSecond * shareOfMaximum);
    const runs = [gateway, bareLoop].map((target) => () => run(target, rate, options.seconds));
    for (const runOne of round % 2 === 0 ? runs : runs.toReversed()) measurements.push(await runOne());
    measurements.push(
      await runAt('load generator', { url: generatorUrl, headers: echoCall.headers }, rate, shortSeconds),
    );
  }
  return {
    rows: rateRows(measurements),
    measurements,
    notes: [generatorNote(measurements)],
    failed: measurements.filter(({ target }) => target === 'gateway').reduce((sum, { failed }) => sum + failed, 0),
  };
}

async function run({ target, request, warmUp }: CheckedTarget, rate: number, seconds: number) {
  const { url } = target;
  const name = target.name as 'gateway' | 'bare loop';
  const measurement = await runAt(name, { url, headers: headersTo(target, request) }, rate, seconds);
  checkAnswerSize(target.name, { ...measurement, requests: rate * seconds, connections: 0 }, warmUp);
  return measurement;
}

async function runAt(
  target: FixedRateMeasurement['target'],
  endpoint: { url: string; headers: Record<string, string> },
  rate: number,
  seconds: number,
): Promise<FixedRateMeasurement> {
  const load = { ...endpoint, body: echoCall.body, requestsPerSecond: rate, seconds, warmUpSeconds: 1, connections };
  const result = await runOpenLoop(load);
  const { p50Ms, p99Ms, latenessP99Ms, cpuUsPerRequest, failed } = result;
  console.log(
    `${target.padEnd(16)} at ${rate}/s: p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms (load late by ${latenessP99Ms.toFixed(2)} ms, ${cpuUsPerRequest.toFixed(0)} us of processor a request)${failed > 0 ? `, ${failed} FAILED` : ''}`,
  );
  return { target, requestedPerSecond: rate, ...result };
}

/** What the measurements say. */
export function rateRows(measurements: FixedRateMeasurement[]): Row[] {
  const of = (target: FixedRateMeasurement['target'], key: 'p50Ms' | 'p99Ms') =>
    measurements.filter((measurement) => measurement.target === target).map((measurement) => measurement[key]);
  const row = (key: 'p50Ms' | 'p99Ms') => ({
    gateway: median(of('gateway', key)),
    'bare loop': median(of('bare loop', key)),
  });
  return [
    { measure: 'tools/call at 60 % of the bare loop, p50 ms', values: row('p50Ms') },
    {
      measure: 'tools/call at 60 % of the bare loop, p99 ms',
      values: row('p99Ms'),
      promised: promise(
        'times the bare loop',
        pairedMedian(of('gateway', 'p99Ms'), of('bare loop', 'p99Ms'), (a, b) => a / b),
        { most: 2 },
      ),
    },
  ];
}

/** What the generator itself adds: its own latency at the same rate before a server that answers at once. */
function generatorNote(measurements: FixedRateMeasurement[]): string {
  const own = measurements.filter(({ target }) => target === 'load generator');
  const at = (key: 'p50Ms' | 'p99Ms' | 'cpuUsPerRequest', digits: number) =>
    median(own.map((measurement) => measurement[key])).toFixed(digits);
  return `The load generator of the fixed rate alone, before a node:http server that answers at once: p50 ${at('p50Ms', 2)} ms, p99 ${at('p99Ms', 2)} ms, ${at('cpuUsPerRequest', 0)} us of processor a request.`;
}
