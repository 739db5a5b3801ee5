import { setTimeout as delay } from 'node:timers/promises';
import type { Scenario } from '../scenario.ts';

/** The operating system closes the connections of a dead process at once. */
const lossLimitMs = 500;

/** A gateway is killed with calls in flight. */
export const gatewayKilled: Scenario = {
  name: 'gateway-killed',
  requirement:
    'a gateway killed in mid-call: its callers see a lost connection at once, nobody else sees anything, and nothing runs twice',
  smoke: false,
  async run(stage) {
    const { deployment, random, calls } = stage;
    for (let round = 0; round < (stage.full ? 3 : 1); round++) {
      await deployment.heal();
      const victim = random.between(0, 1);
      const tools = ['append', 'append_replayable'];
      const load = stage.startLoad({ callers: 24, gateways: 2, tools, holdMs: [50, 400], pauseMs: 20, random });
      await delay(random.between(500, 900));
      const gateway = deployment.gateway(victim);
      const killedAt = performance.now();
      gateway.child.kill('SIGKILL');
      await gateway.ended;
      const deadAt = performance.now();
      await delay(500);
      await load.stop();

      const inFlight = calls.filter(({ startedAt, endedAt }) => startedAt < killedAt && endedAt > killedAt);
      const lost = inFlight.filter(({ gateway: index, ending }) => index === victim && ending === 'lost');
      stage.require(lost.length > 0, 'no call was in the gateway when it was killed: the scenario proves nothing');
      for (const { key, endedAt } of lost) stage.requireWithin(endedAt - deadAt, lossLimitMs, `the end of ${key}`);
      for (const { key, gateway: index, startedAt, ending, detail } of calls) {
        if (startedAt < killedAt || index === victim) continue;
        stage.require(ending === 'result', `${key}, at the gateway that lives, ended ${ending}: ${detail}`);
      }
      stage.note(`${lost.length} connections lost`);
    }
  },
};
