import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { AppProcess } from '../../support/app-process.ts';
import { askState, probeOptions } from '../../support/probed-process.ts';

const program = `
  process.on('message', (order) => {
    const end = performance.now() + 400;
    if (order === 'compute') while (performance.now() < end);
    if (order === 'sleep') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
  });
  setInterval(() => {}, 1_000);
  process.send('started');
`;
// Elsewhere nobody tells blocked and waiting for a processor apart, and neither counts.
const tellsWaiting = existsSync('/proc/thread-self/schedstat');

it('a probed process tells how long its event loop was late, and how long it computed or was blocked', async () => {
  const child = spawn(process.execPath, [...probeOptions, '--eval', program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    await once(child, 'message');
    const probed = { child } as unknown as AppProcess;
    await askState(probed);
    await delay(100);
    expect((await askState(probed)).maxBusyMs).toBeLessThan(300);
    for (const order of tellsWaiting ? ['compute', 'sleep'] : ['compute']) {
      await delay(100);
      child.send(order);
      await delay(600);
      const { maxDelayMs, maxBusyMs } = await askState(probed);
      expect(maxDelayMs).toBeGreaterThan(300);
      // While it computed, others may have had the processor.
      expect(maxBusyMs).toBeGreaterThan(order === 'sleep' ? 300 : 50);
    }
  } finally {
    child.kill('SIGKILL');
  }
});
