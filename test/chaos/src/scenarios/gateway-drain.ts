import { setTimeout as delay } from 'node:timers/promises';
import type { GatewayProcess } from '../deployment.ts';
import { RawConnection } from '../raw-connection.ts';
import type { Scenario, Stage } from '../scenario.ts';

const idleLimitMs = 10_000;
const busyLimitMs = 30_000;

/** A gateway is asked to end. */
export const gatewayDrain: Scenario = {
  name: 'gateway-drain',
  requirement:
    'a gateway that gets SIGTERM finishes its calls and ends its streams with their result: within 10 s when idle, within 30 s when busy',
  smoke: false,
  async run(stage) {
    const { deployment } = stage;
    await deployment.heal();
    await drainBusy(stage, deployment.gateway(0));
    await deployment.heal();
    await drainIdle(stage, deployment.gateway(1));
    await deployment.heal();
  },
};

async function drainBusy(stage: Stage, gateway: GatewayProcess): Promise<void> {
  const { random } = stage;
  const longestMs = stage.full ? 8_000 : 2_000;
  const elsewhere = stage.startLoad({
    callers: 4,
    gateways: 1,
    firstGateway: 1,
    tools: ['append'],
    holdMs: [0, 50],
    random,
  });
  const calls = Array.from({ length: 100 }, () =>
    stage.call(0, 'append_long', { holdMs: random.between(1_000, longestMs) }),
  );
  await delay(500);
  const tookMs = await terminate(gateway);
  stage.requireWithin(tookMs, busyLimitMs, 'the end of a busy gateway');
  for (const { key, ending, detail } of await Promise.all(calls))
    stage.require(ending === 'result', `${key}, in flight at SIGTERM, ended ${ending}: ${detail}`);
  await elsewhere.stop();
  const failed = stage.calls.filter(({ gateway: index, ending }) => index === 1 && ending !== 'result');
  stage.require(failed.length === 0, `${failed.length} calls failed at the gateway that stays`);
  stage.note(`busy: ended in ${(tookMs / 1_000).toFixed(1)} s`);
}

async function drainIdle(stage: Stage, gateway: GatewayProcess): Promise<void> {
  // Connections that wait for their next request, and one that began it and never goes on.
  const waiting = Array.from({ length: 20 }, () => new RawConnection(gateway.port));
  waiting[0]?.write('POST /mcp/ledger HTTP/1.1\r\nHost: localhost\r\n');
  await stage.call(1, 'append');
  await delay(100);
  const tookMs = await terminate(gateway);
  for (const connection of waiting) connection.destroy();
  stage.requireWithin(tookMs, idleLimitMs, 'the end of an idle gateway');
  stage.note(`idle: ended in ${(tookMs / 1_000).toFixed(1)} s`);
}

async function terminate({ child, ended }: GatewayProcess): Promise<number> {
  const since = performance.now();
  child.kill('SIGTERM');
  await ended;
  return performance.now() - since;
}
