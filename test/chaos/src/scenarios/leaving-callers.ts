import { setTimeout as delay } from 'node:timers/promises';
import type { CallRecord } from '../call-record.ts';
import { readLedger } from '../ledger.ts';
import type { Scenario, Stage } from '../scenario.ts';
import { ledgerTools, sendToolCall } from '../tool-call.ts';

const abortLimitMs = 500;

/** Callers that close their stream before the answer (MCP 2026-07-28 Streamable HTTP §Cancellation). */
export const callerLeaves: Scenario = {
  name: 'caller-leaves',
  requirement: "the AbortSignal of a call fires within 500 ms of the end of its client's stream",
  smoke: true,
  async run(stage) {
    await stage.deployment.heal();
    // After 5 s the answer is a stream of events; before that the connection is silent.
    const longestMs = stage.full ? 7_000 : 1_000;
    const left = await Promise.all(
      Array.from({ length: 30 }, (_, index) => callAndLeave(stage, index % 2, stage.random.between(200, longestMs))),
    );
    await delay(2 * abortLimitMs);
    const aborts = new Map(
      readLedger(stage.deployment.ledgerFile)
        .filter(({ event }) => event === 'aborted')
        .map(({ key, at }) => [key, at]),
    );
    let slowestMs = 0;
    for (const { key, leftAt } of left) {
      const tookMs = (aborts.get(key) ?? Number.POSITIVE_INFINITY) - leftAt;
      slowestMs = Math.max(slowestMs, tookMs);
      stage.requireWithin(tookMs, abortLimitMs, `the AbortSignal of ${key}`);
    }
    stage.note(`AbortSignal after ${slowestMs.toFixed(0)} ms at most`);
  },
};

/** @returns the call's key and when its caller went away, in milliseconds since the epoch */
async function callAndLeave(
  stage: Stage,
  gateway: number,
  afterMs: number,
): Promise<Pick<CallRecord, 'key'> & { leftAt: number }> {
  const [key, tool] = [stage.nextKey(), 'append_long'];
  const startedAt = performance.now();
  const sent = sendToolCall(stage.deployment.caller(gateway), tool, { key, holdMs: 20_000 }, (response) => {
    response.on('error', () => {});
    response.resume();
  });
  sent.on('error', () => {});
  await delay(afterMs);
  sent.destroy();
  const leftAt = Date.now();
  const terms = ledgerTools[tool] as (typeof ledgerTools)[string];
  stage.calls.push({ key, tool, ...terms, gateway, startedAt, endedAt: performance.now(), ending: 'lost' });
  return { key, leftAt };
}
