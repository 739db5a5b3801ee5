import path from 'node:path';
import type { BenchOptions } from '../options.ts';
import { echoCall } from '../prepared-request.ts';
import { median, pairedMedian, promise } from '../report/row.ts';
import type { Row } from '../report/row.ts';
import { Stack } from '../stack.ts';
import { startBareLoop, startGateway, startMcpNest, startMcpProxy, startOfficialServer } from '../targets.ts';
import type { TargetName } from '../target-names.ts';
import type { Target } from '../targets.ts';
import { check, failuresOf, inRounds, measure, medians, select } from './rounds.ts';
import type { Measurement } from './rounds.ts';
import type { SectionResult } from './section.ts';

const many = 64;
const root = path.resolve(import.meta.dirname, '../../../..');

/** No promise is about these: one may be missing, and the report says why. */
const peers: { name: TargetName; start: (stack: Stack) => Promise<Target> }[] = [
  { name: 'mcp-nest', start: startMcpNest },
  { name: 'mcp-proxy', start: startMcpProxy },
];

/** `tools/call` of an echo tool with 64 connections and with one, beside the bare loop and the peers. */
export async function measureCalls(options: BenchOptions): Promise<SectionResult> {
  await using stack = await Stack.start(['bench']);
  const targets = [
    await check(await startGateway(stack), echoCall, options),
    await check(await startBareLoop(stack), echoCall, options),
    await check(await startOfficialServer(stack), echoCall, options),
  ];
  const missing = new Map<TargetName, string>();
  for (const { name, start } of peers) {
    try {
      targets.push(await check(await start(stack), echoCall, options));
    } catch (error) {
      missing.set(name, String(error));
    }
  }
  const steps = [many, 1].flatMap((connections) =>
    targets.map((checked) => async () => {
      const { name } = checked.target;
      if (missing.has(name)) return [];
      try {
        return [await measure(checked, 'tools/call', connections, options.seconds)];
      } catch (error) {
        if (!peers.some((peer) => peer.name === name)) throw error;
        missing.set(name, String(error));
        return [];
      }
    }),
  );
  const measurements = (await inRounds(options.rounds, steps)).flat().filter(({ target }) => !missing.has(target));
  const { failed, notes } = failuresOf(measurements);
  const reasons = [...missing].map(([name, why]) => `${name} was not measured: ${why.replaceAll(root, '.')}`);
  return { rows: callRows(measurements), measurements, notes: [...reasons, ...notes], failed };
}

/** What the measurements say. */
export function callRows(measurements: Measurement[]): Row[] {
  const rate = (target: TargetName) =>
    select(measurements, target, many).map(({ requestsPerSecond }) => requestsPerSecond);
  const p50 = (target: TargetName) => select(measurements, target, 1).map(({ p50Ms }) => p50Ms);
  const ratio = (a: number, b: number) => a / b;
  const rates = medians(measurements, many, 'requestsPerSecond');
  const peaks = Object.fromEntries(
    Object.keys(rates).map((target) => [
      target,
      Math.max(...select(measurements, target as TargetName, many).map(({ peakRssMib }) => peakRssMib)),
    ]),
  ) as Row['values'];
  return [
    {
      measure: 'tools/call, 64 connections, req/s',
      values: rates,
      promised: promise('of the bare loop', pairedMedian(rate('gateway'), rate('bare loop'), ratio), { least: 0.65 }),
    },
    {
      measure: 'the same as a multiple of the official server',
      values: multiples(measurements),
      promised: promise('times', pairedMedian(rate('gateway'), rate('official server'), ratio), { least: 3, aim: 4 }),
    },
    { measure: 'tools/call, 64 connections, p99 ms', values: medians(measurements, many, 'p99Ms') },
    {
      measure: 'tools/call, 1 connection, p50 ms',
      values: medians(measurements, 1, 'p50Ms'),
      promised: promise(
        'ms above the bare loop',
        pairedMedian(p50('gateway'), p50('bare loop'), (a, b) => a - b),
        {
          most: 0.2,
        },
      ),
    },
    {
      measure: 'the same without comparison',
      values: {},
      promised: promise('ms', median(p50('gateway')), { below: 1.2 }),
    },
    {
      measure: 'memory with 64 connections, peak RSS MiB',
      values: peaks,
      promised: promise('MiB', peaks.gateway ?? Number.POSITIVE_INFINITY, { below: 250 }),
    },
  ];
}

function multiples(measurements: Measurement[]): Row['values'] {
  const rates = (target: TargetName) =>
    select(measurements, target, many).map(({ requestsPerSecond }) => requestsPerSecond);
  const names = Object.keys(medians(measurements, many, 'requestsPerSecond')) as TargetName[];
  return Object.fromEntries(
    names.map((name) => [name, pairedMedian(rates(name), rates('official server'), (a, b) => a / b)]),
  );
}
