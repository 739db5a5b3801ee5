import { setTimeout as delay } from 'node:timers/promises';
import { durationMs } from '../call-record.ts';
import { readLedger } from '../ledger.ts';
import type { Scenario, Stage } from '../scenario.ts';

/** Detection of the death (a missed beat, then a probe) and the answer. */
const deathLimitMs = 2_000;
const noWorkerLimitMs = 100;
/** Until NATS has read the end of a dead process's connection. What is sent before is in flight like any other call. */
const closingMs = 100;

/** A worker is killed while it works. */
export const workerKilled: Scenario = {
  name: 'worker-killed',
  requirement:
    'a worker killed in mid-call: a typed answer within 2 s, or the result of a retry where the tool allows one; no call that follows fails',
  smoke: true,
  async run(stage) {
    for (let round = 0; round < (stage.full ? 4 : 1); round++) {
      await stage.deployment.heal();
      await killWorker(stage, stage.random.between(0, stage.deployment.workers.length - 1));
    }
  },
};

async function killWorker(stage: Stage, index: number): Promise<void> {
  const { deployment, random, calls } = stage;
  const tools = ['append', 'append_replayable'];
  const load = stage.startLoad({ callers: 24, gateways: deployment.gateways.length, tools, holdMs: [50, 400], random });
  await delay(random.between(500, 900));
  const victim = deployment.worker(index);
  const killedAt = performance.now();
  victim.child.kill('SIGKILL');
  await victim.ended;
  await delay(closingMs);
  const deadAt = performance.now();
  await delay(deathLimitMs);
  await load.stop();

  const inFlight = calls.filter(({ startedAt, endedAt }) => startedAt < deadAt && endedAt > killedAt);
  const lost = inFlight.filter(({ ending }) => ending !== 'result');
  const runOfVictim = readLedger(deployment.ledgerFile).filter(({ pid, key }) => pid === victim.pid && stage.owns(key));
  const answeredByVictim = new Set(calls.filter(({ text }) => text === String(victim.pid)).map(({ key }) => key));
  const broken = new Set(runOfVictim.map(({ key }) => key).filter((key) => !answeredByVictim.has(key)));
  stage.require(broken.size > 0, 'no call ran in the worker when it was killed: the scenario proves nothing');
  for (const call of calls.filter(({ key }) => broken.has(key))) {
    stage.requireWithin(call.endedAt - killedAt, deathLimitMs, `the end of ${call.key} after the death of its worker`);
    if (call.replayable)
      stage.require(call.ending === 'result', `${call.key} may run twice and was not tried again: ${call.detail}`);
    else stage.require(call.code === -31002, `${call.key} was lost and ended ${call.ending}: ${call.detail}`);
  }
  for (const { key, ending, detail, startedAt } of calls)
    if (startedAt > deadAt)
      stage.require(ending === 'result', `${key}, called after the death, ended ${ending}: ${detail}`);
  stage.note(`${broken.size} broken, ${lost.length} of ${inFlight.length} in flight lost`);
}

/** A worker that dies of its input. */
export const workerExitsOnInput: Scenario = {
  name: 'worker-exits-on-input',
  requirement:
    'an input that ends its worker is given to no third one, and to no second one unless the tool may run twice',
  smoke: true,
  async run(stage) {
    const { deployment } = stage;
    await deployment.heal();
    for (const [tool, most] of [
      ['exit', 1],
      ['exit_replayable', 2],
    ] as const) {
      await deployment.heal();
      const call = await stage.call(stage.random.between(0, 1), tool);
      stage.require(call.code === -31002, `${tool} ended ${call.ending}: ${call.detail}`);
      await delay(200);
      const dead = deployment.workers.filter(({ runs }) => !runs).length;
      stage.require(dead === most, `${tool} ended ${dead} workers, not ${most}`);
    }
  },
};

/** Nobody is there. */
export const noWorker: Scenario = {
  name: 'no-worker',
  requirement: 'without a worker a call ends with -31001 within 100 ms, whether the workers left or died',
  smoke: true,
  async run(stage) {
    const { deployment } = stage;
    for (const signal of stage.full ? (['SIGTERM', 'SIGKILL'] as const) : (['SIGKILL'] as const)) {
      await deployment.heal();
      for (const worker of deployment.workers) worker.child.kill(signal);
      await Promise.all(deployment.workers.map(({ ended }) => ended));
      await delay(closingMs);
      let slowestMs = 0;
      for (let turn = 0; turn < 20; turn++) {
        const call = await stage.call(turn % deployment.gateways.length, 'append');
        slowestMs = Math.max(slowestMs, durationMs(call));
        stage.require(call.code === -31001, `after ${signal}: ${call.key} ended ${call.ending}: ${call.detail}`);
        stage.requireWithin(durationMs(call), noWorkerLimitMs, `after ${signal}: -31001 for ${call.key}`);
      }
      stage.note(`${signal}: ${slowestMs.toFixed(0)} ms at most`);
    }
  },
};

/** A new version is rolled out. */
export const rollingRestart: Scenario = {
  name: 'rolling-restart',
  requirement: 'no call fails while all workers are restarted one after the other',
  smoke: true,
  async run(stage) {
    const { deployment, random } = stage;
    await deployment.heal();
    const tools = ['append', 'append_replayable'];
    const load = stage.startLoad({ callers: 12, gateways: 2, tools, holdMs: [0, 150], random });
    const restarted = stage.full ? deployment.workers : deployment.workers.slice(0, 2);
    for (const [index, worker] of restarted.entries()) {
      worker.child.kill('SIGTERM');
      await worker.ended;
      await deployment.startWorker(index);
    }
    await delay(300);
    await load.stop();
    for (const { key, ending, detail } of stage.calls)
      stage.require(ending === 'result', `${key} ended ${ending}: ${detail}`);
  },
};
