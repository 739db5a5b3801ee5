import { setTimeout as delay } from 'node:timers/promises';
import { durationMs } from '../call-record.ts';
import type { CallRecord } from '../call-record.ts';
import { ListenStream } from '../listen-stream.ts';
import type { Scenario, Stage } from '../scenario.ts';

/** Three beats of 500 ms, and the one that is under way. */
const detectionLimitMs = 2_000;
const endLimitMs = 1_000;
const refusalLimitMs = 100;
const recoveryLimitMs = 2_000;

/** NATS dies and comes back. */
export const natsKilled: Scenario = {
  name: 'nats-killed',
  requirement:
    'NATS is killed and started again: calls in flight end within 1 s, new ones answer -31009 within 100 ms, listen streams stay open and hear what they missed, liveness stays 200, readiness tells, and 2 s after the port is back all is well',
  smoke: true,
  async run(stage) {
    const { nats } = stage.deployment;
    for (let round = 0; round < (stage.full ? 3 : 1); round++) {
      await stage.deployment.heal();
      const streams = await openStreams(stage);
      const pending = startLongCalls(stage);
      await delay(stage.random.between(300, 600));
      const lostAt = performance.now();
      await nats.kill();
      await requireEnds(stage, pending, lostAt, endLimitMs);
      changeUnheard(stage, streams);
      await requireOutage(stage, stage.full ? stage.random.between(1_000, 4_000) : 500);
      await nats.restart();
      await requireRecovery(stage);
      await requireStreams(stage, streams);
    }
  },
};

/** NATS hangs: connections stay open, nothing moves. */
export const natsSilent: Scenario = {
  name: 'nats-silent',
  requirement:
    'NATS falls silent for 60 s: within 2 s it counts as lost, calls in flight end within 1 s of that, new ones answer -31009 within 100 ms, listen streams stay open and hear what they missed, liveness stays 200, readiness tells, and 2 s after it speaks again all is well',
  smoke: true,
  async run(stage) {
    const { nats } = stage.deployment;
    await stage.deployment.heal();
    const streams = await openStreams(stage);
    const pending = startLongCalls(stage);
    await delay(stage.random.between(300, 600));
    const silentAt = performance.now();
    nats.silence();
    // Nobody knows yet, so these are sent: NATS delivers them when it goes on, and no caller may hear "not executed".
    pending.push(...stage.deployment.gateways.map((_, index) => stage.call(index, 'append')));
    try {
      await requireEnds(stage, pending, silentAt, detectionLimitMs + endLimitMs);
      changeUnheard(stage, streams);
      await requireOutage(stage, stage.full ? 60_000 - (performance.now() - silentAt) : 1_500);
    } finally {
      nats.unsilence();
    }
    await requireRecovery(stage);
    await requireStreams(stage, streams);
  },
};

/** Subscriptions on every gateway, of a list and of a resource. */
async function openStreams({ deployment }: Stage): Promise<ListenStream[]> {
  const wanted = { toolsListChanged: true, resourceSubscriptions: ['ledger://state'] };
  const streams = deployment.gateways.map((_, index) => new ListenStream(deployment.caller(index), wanted));
  await Promise.all(streams.map(({ acknowledged }) => acknowledged));
  return streams;
}

/** Changes the list and the resource that the streams are about while nobody can say so. */
function changeUnheard({ deployment }: Stage, streams: ListenStream[]): void {
  for (const stream of streams) stream.forget();
  deployment.changeServer();
}

/** Each listener is told to look again, at the list and at the resource. */
async function requireStreams(stage: Stage, streams: ListenStream[]): Promise<void> {
  for (const [index, stream] of streams.entries()) {
    for (const method of ['notifications/tools/list_changed', 'notifications/resources/updated']) {
      const told = await stream.hears(method, 1, recoveryLimitMs);
      stage.require(
        told,
        `the stream at gateway ${index} heard ${stream.heard.join(', ') || 'nothing'}, not ${method}`,
      );
    }
    stage.require(stream.isOpen, `the stream at gateway ${index} was cut`);
    stream.close();
  }
}

/** Calls that the loss finds in flight, on every gateway. */
function startLongCalls(stage: Stage): Promise<CallRecord>[] {
  return Array.from({ length: 12 }, (_, index) =>
    stage.call(index % stage.deployment.gateways.length, 'append_long', { holdMs: 8_000 }),
  );
}

async function requireEnds(
  stage: Stage,
  pending: Promise<CallRecord>[],
  lostAt: number,
  limitMs: number,
): Promise<void> {
  let latestMs = 0;
  for (const call of await Promise.all(pending)) {
    stage.require(call.code === -31002, `${call.key}, in flight, ended ${call.ending}: ${call.detail}`);
    stage.requireWithin(call.endedAt - lostAt, limitMs, `the end of ${call.key} after the loss`);
    latestMs = Math.max(latestMs, call.endedAt - lostAt);
  }
  stage.note(`calls ended ${latestMs.toFixed(0)} ms after the loss`);
}

/** Asks calls and probes as long as the bus is away. */
async function requireOutage(stage: Stage, forMs: number): Promise<void> {
  const { gateways } = stage.deployment;
  const until = performance.now() + forMs;
  let slowestMs = 0;
  while (performance.now() < until) {
    for (const [index, gateway] of gateways.entries()) {
      const call = await stage.call(index, 'append');
      slowestMs = Math.max(slowestMs, durationMs(call));
      stage.require(call.code === -31009, `${call.key}, without NATS, ended ${call.ending}: ${call.detail}`);
      stage.requireWithin(durationMs(call), refusalLimitMs, `-31009 for ${call.key}`);
      const [live, ready] = [await probe(gateway.adminPort, 'livez'), await probe(gateway.adminPort, 'readyz')];
      stage.require(live === 200, `liveness is ${live} without NATS`);
      stage.require(ready === 503, `readiness is ${ready} without NATS`);
    }
    await delay(100);
  }
  stage.note(`-31009 in ${slowestMs.toFixed(0)} ms at most`);
}

/** Waits until every gateway answers calls and says that it is ready. */
async function requireRecovery(stage: Stage): Promise<void> {
  const since = performance.now();
  const recover = async (index: number) => {
    const { adminPort } = stage.deployment.gateway(index);
    await stage.waitUntil(async () => {
      const call = await stage.call(index, 'append');
      return call.ending === 'result' && (await probe(adminPort, 'readyz')) === 200;
    }, 3 * recoveryLimitMs);
    const tookMs = performance.now() - since;
    stage.requireWithin(tookMs, recoveryLimitMs, `the recovery of gateway ${index}`);
    return tookMs;
  };
  const took = await Promise.all(stage.deployment.gateways.map((_, index) => recover(index)));
  stage.note(`recovered in ${Math.max(...took).toFixed(0)} ms`);
}

async function probe(adminPort: number, name: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/${name}`);
  await answer.body?.cancel();
  return answer.status;
}
