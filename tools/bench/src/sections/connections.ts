import type { BenchOptions } from '../options.ts';
import { echoCall } from '../prepared-request.ts';
import { pairedMedian, promise } from '../report/row.ts';
import type { Row } from '../report/row.ts';
import { Stack } from '../stack.ts';
import { startBareLoop, startGateway } from '../targets.ts';
import { check, failuresOf, inRounds, measure, medians, select } from './rounds.ts';
import type { Measurement } from './rounds.ts';
import type { SectionResult } from './section.ts';

const counts = [64, 1000] as const;

/** Whether a call costs the same with a thousand connections as with 64. */
export async function measureConnections(options: BenchOptions): Promise<SectionResult> {
  await using stack = await Stack.start(['bench']);
  const targets = [
    await check(await startGateway(stack), echoCall, options),
    await check(await startBareLoop(stack), echoCall, options),
  ];
  const steps = targets.flatMap((target) =>
    counts.map((connections) => () => measure(target, 'tools/call', connections, options.seconds)),
  );
  const measurements = await inRounds(options.rounds, steps);
  return {
    rows: connectionRows(measurements),
    measurements,
    ...failuresOf(measurements),
  };
}

/** What the measurements say. */
export function connectionRows(measurements: Measurement[]): Row[] {
  const [few, many] = counts.map((connections) =>
    select(measurements, 'gateway', connections).map(({ requestsPerSecond }) => requestsPerSecond),
  ) as [number[], number[]];
  return [
    {
      measure: 'tools/call, 1,000 connections, req/s',
      values: medians(measurements, 1000, 'requestsPerSecond'),
      promised: promise(
        'of the rate with 64',
        pairedMedian(many, few, (a, b) => a / b),
        { least: 0.8 },
      ),
    },
  ];
}
