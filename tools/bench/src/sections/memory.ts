import { setTimeout as delay } from 'node:timers/promises';
import { residentMib } from '../memory.ts';
import type { BenchOptions } from '../options.ts';
import { median, promise } from '../report/row.ts';
import type { Row } from '../report/row.ts';
import { Stack } from '../stack.ts';
import { peer } from '../targets.ts';
import { inRounds } from './rounds.ts';
import type { SectionResult } from './section.ts';

const settleMs = 10_000;
const quickSettleMs = 2_000;

/** What a gateway takes that has nothing to do. */
interface IdleMeasurement {
  target: 'gateway';
  telemetry: boolean;
  idleRssMib: number;
}

/** What a gateway takes that has started and knows a worker, with and without a collector to send telemetry to. */
export async function measureIdleMemory({ quick, rounds }: BenchOptions): Promise<SectionResult> {
  await using stack = await Stack.start(['bench']);
  // A worker waits until somebody has stored its definitions; then any gateway knows it.
  const first = await stack.startGateway();
  await stack.startWorker('echo-worker');
  await stack.processes.end(first.pid);
  const collector = await stack.processes.startPeer(peer('bare-http.ts'), {});
  const collectorUrl = `http://127.0.0.1:${collector.port}`;
  const measure = async (telemetry: boolean): Promise<IdleMeasurement> => {
    const { pid } = await stack.startGateway(telemetry ? { OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl } : {});
    await delay(quick ? quickSettleMs : settleMs);
    const idleRssMib = residentMib(pid);
    console.log(`gateway          idle, ${telemetry ? 'with' : 'without'} telemetry: ${idleRssMib.toFixed(1)} MiB`);
    await stack.processes.end(pid);
    return { target: 'gateway', telemetry, idleRssMib };
  };
  const measurements = await inRounds(rounds, [() => measure(false), () => measure(true)]);
  return { rows: idleRows(measurements), measurements, notes: [], failed: 0 };
}

/** What the measurements say. */
export function idleRows(measurements: IdleMeasurement[]): Row[] {
  const row = (measure: string, telemetry: boolean, below: number): Row => {
    const own = measurements.filter((measurement) => measurement.telemetry === telemetry);
    const idle = median(own.map(({ idleRssMib }) => idleRssMib));
    return { measure, values: { gateway: idle }, promised: promise('MiB', idle, { below }) };
  };
  return [
    row('memory of an idle gateway, RSS MiB', false, 120),
    row('memory of an idle gateway with telemetry, RSS MiB', true, 160),
  ];
}
