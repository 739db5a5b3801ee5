import { setTimeout as delay } from 'node:timers/promises';
import { durationMs } from '../call-record.ts';
import { readLedger } from '../ledger.ts';
import type { LedgerRow } from '../ledger.ts';
import type { Scenario, Stage } from '../scenario.ts';

/** When a gateway knows for certain that an instance is silent. */
const shunnedAfterMs = 3_000;

/** A worker is stopped: its subscriptions stay, it says nothing. */
export const workerStopped: Scenario = {
  name: 'worker-stopped',
  requirement:
    'a stopped worker (SIGSTOP): no new call goes to it after 3 s, its calls end at their own deadline, and what it answers late is dropped',
  smoke: true,
  async run(stage) {
    const { deployment, random, calls } = stage;
    await deployment.heal();
    const load = stage.startLoad({ callers: 16, gateways: 2, tools: ['append_brief'], holdMs: [20, 200], random });
    await delay(random.between(300, 700));
    const victim = deployment.worker(random.between(0, 3));
    const stoppedAt = performance.now();
    victim.child.kill('SIGSTOP');
    await delay(stage.full ? 8_000 : shunnedAfterMs + 1_000);
    const continuedAt = performance.now();
    victim.child.kill('SIGCONT');
    await delay(stage.full ? 2_000 : 500);
    await load.stop();

    const stuck = calls.filter(
      ({ startedAt, ending }) => startedAt < stoppedAt + shunnedAfterMs && ending !== 'result',
    );
    stage.require(stuck.length > 0, 'no call was in the worker when it was stopped: the scenario proves nothing');
    for (const call of stuck)
      stage.require(call.code === -31003, `${call.key}, in the stopped worker, ended ${call.ending}: ${call.detail}`);
    const given = keysGivenTo(stage, victim.pid);
    for (const { key, startedAt, ending, detail } of calls) {
      if (startedAt < stoppedAt + shunnedAfterMs) continue;
      stage.require(ending === 'result', `${key} ended ${ending}: ${detail}`);
      if (startedAt < continuedAt) stage.require(!given.has(key), `${key} was given to the stopped worker`);
    }
    stage.note(`${stuck.length} calls were in it`);
  },
};

/** A worker blocks its event loop, as a runaway regular expression does. */
export const workerBlocked: Scenario = {
  name: 'worker-blocked',
  requirement: 'a worker whose event loop is blocked gets no new calls until it is free again, and loses none',
  smoke: false,
  async run(stage) {
    const { deployment, random, calls } = stage;
    await deployment.heal();
    const load = stage.startLoad({ callers: 12, gateways: 2, tools: ['append'], holdMs: [10, 60], random });
    await delay(200);
    const blockedAt = performance.now();
    const blocking = await stage.call(0, 'block', { blockMs: 4_000 });
    const freeAt = performance.now();
    await delay(500);
    await load.stop();

    const given = keysGivenTo(stage, Number(blocking.text));
    for (const call of calls) {
      const { key, startedAt, ending, detail } = call;
      stage.require(ending === 'result', `${key} ended ${ending}: ${detail}`);
      // One missed beat, a sweep, and the calls that are on their way.
      if (startedAt < blockedAt + 2_000 || startedAt > freeAt - 500 || call === blocking) continue;
      stage.require(!given.has(key), `${key} was given to the blocked worker`);
    }
    stage.note(`${calls.filter((call) => durationMs(call) > 1_000).length - 1} calls waited for it`);
    await deployment.waitForWorkers(deployment.workers);
  },
};

/** One worker is ten times slower than the others. */
export const workerSlow: Scenario = {
  name: 'worker-slow',
  requirement: 'the share of a worker that is ten times slower than its siblings falls below half of an equal share',
  smoke: false,
  async run(stage) {
    const { deployment, random } = stage;
    await deployment.heal();
    const index = random.between(0, 3);
    await deployment.worker(index).stop();
    const slow = await deployment.startWorker(index, { slowness: 10 });
    await deployment.waitForWorkers(deployment.workers);
    const load = stage.startLoad({ callers: 24, gateways: 2, tools: ['append'], holdMs: [20, 30], random });
    await delay(stage.full ? 6_000 : 2_500);
    await load.stop();
    await slow.stop();

    const share = keysGivenTo(stage, slow.pid).size / stage.calls.length;
    stage.require(share < 0.125, `the slow worker got ${(100 * share).toFixed(1)} % of the calls`);
    stage.note(`its share: ${(100 * share).toFixed(1)} %`);
    for (const { key, ending, detail } of stage.calls)
      stage.require(ending === 'result', `${key} ended ${ending}: ${detail}`);
  },
};

/** Keys of this scenario that a process executed. */
function keysGivenTo(stage: Stage, pid: number): Set<string> {
  const own = ({ key, event, pid: writer }: LedgerRow) => writer === pid && event === 'executed' && stage.owns(key);
  return new Set(
    readLedger(stage.deployment.ledgerFile)
      .filter(own)
      .map(({ key }) => key),
  );
}
