import { setTimeout as delay } from 'node:timers/promises';
import { residentMb } from '../memory.ts';
import type { BenchOptions } from '../options.ts';
import { median, promise } from '../report/row.ts';
import { Stack } from '../stack.ts';
import type { SectionResult } from './section.ts';

const settleMs = 10_000;
const quickSettleMs = 2_000;

/** What a gateway takes that has started, knows a worker, and has nothing to do. */
export async function measureIdleMemory(options: BenchOptions): Promise<SectionResult> {
  await using stack = await Stack.start(['bench']);
  // A worker waits until somebody has stored its definitions; then any gateway knows it.
  const first = await stack.startGateway();
  await stack.startWorker('echo-worker');
  await stack.processes.end(first.pid);
  const measurements: { target: 'gateway'; idleRssMb: number }[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const { pid } = await stack.startGateway();
    await delay(options.quick ? quickSettleMs : settleMs);
    const idleRssMb = residentMb(pid);
    console.log(`gateway          idle: ${idleRssMb.toFixed(1)} MB`);
    measurements.push({ target: 'gateway', idleRssMb });
    await stack.processes.end(pid);
  }
  const idle = median(measurements.map(({ idleRssMb }) => idleRssMb));
  return {
    rows: [
      {
        measure: 'memory of an idle gateway, RSS MB',
        values: { gateway: idle },
        promised: promise('MB', idle, { below: 120 }),
      },
    ],
    measurements,
    notes: [],
    failed: 0,
  };
}
