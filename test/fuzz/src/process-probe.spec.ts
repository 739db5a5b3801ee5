import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { AppProcess } from '../../support/app-process.ts';
import { askState, probeOptions } from '../../support/probed-process.ts';

const program =
  'process.on("message", (order) => { if (order !== "block") return; const end = performance.now() + 400; while (performance.now() < end); }); setInterval(() => {}, 1_000); process.send("started")';

it('a probed process tells how long its event loop was busy', async () => {
  const child = spawn(process.execPath, [...probeOptions, '--eval', program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    await once(child, 'message');
    const probed = { child } as unknown as AppProcess;
    await askState(probed);
    await delay(100);
    expect((await askState(probed)).maxDelayMs).toBeLessThan(300);
    await delay(100);
    child.send('block');
    await delay(600);
    const { maxDelayMs, maxBusyMs } = await askState(probed);
    expect(maxDelayMs).toBeGreaterThan(300);
    // What of the time it had the processor.
    expect(maxBusyMs).toBeGreaterThan(50);
  } finally {
    child.kill('SIGKILL');
  }
});
