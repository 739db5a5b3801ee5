import type { BenchOptions } from '../options.ts';
import { toolsList } from '../prepared-request.ts';
import { median, pairedMedian, promise } from '../report/row.ts';
import type { Row } from '../report/row.ts';
import { Stack } from '../stack.ts';
import type { TargetName } from '../target-names.ts';
import { startOfficialServer } from '../targets.ts';
import type { Target } from '../targets.ts';
import { check, failuresOf, inRounds, measure, select } from './rounds.ts';
import type { CheckedTarget, Measurement } from './rounds.ts';
import type { SectionResult } from './section.ts';

/** They keep both busy; with more, a server that makes 500 tools per request answers nobody for seconds. */
const connections = 16;
const toolCounts = [5, 500] as const;

/** `tools/list` with 5 and with 500 tools, beside the official server with as many. */
export async function measureLists(options: BenchOptions): Promise<SectionResult> {
  await using stack = await Stack.start(toolCounts.map(serverOf));
  const gateway = await stack.startGateway();
  const targets: { count: number; target: CheckedTarget }[] = [];
  for (const count of toolCounts) {
    const server = serverOf(count);
    await stack.startWorker('list-worker', { LISTED_TOOLS: String(count) });
    const own: Target = {
      name: 'gateway',
      url: gateway.endpoint(server),
      pid: gateway.pid,
      accessToken: await gateway.issueToken(server),
    };
    for (const target of [own, await startOfficialServer(stack, count)]) {
      targets.push({ count, target: await check(target, toolsList(count), options) });
    }
  }
  const steps = targets.map(
    ({ count, target }) =>
      () =>
        measure(target, requestName(count), connections, options.seconds),
  );
  const measurements = await inRounds(options.rounds, steps);
  return {
    rows: toolCounts.map((count) => listRow(measurements, count)),
    measurements,
    ...failuresOf(measurements),
  };
}

/** What the measurements with one number of tools say. */
export function listRow(measurements: Measurement[], count: number): Row {
  const rates = (target: TargetName) =>
    select(measurements, target, connections, requestName(count)).map(({ requestsPerSecond }) => requestsPerSecond);
  const [gateway, official] = [rates('gateway'), rates('official server')];
  return {
    measure: `${requestName(count)}, req/s`,
    values: { gateway: median(gateway), 'official server': median(official) },
    promised: promise(
      'times the official server',
      pairedMedian(gateway, official, (a, b) => a / b),
      { least: 5 },
    ),
  };
}

function requestName(count: number): string {
  return `tools/list with ${count} tools`;
}

function serverOf(count: number): string {
  return `lists-${count}`;
}
