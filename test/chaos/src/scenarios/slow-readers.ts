import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallRecord } from '../call-record.ts';
import { finalMessageOf } from '../final-message.ts';
import type { Scenario, Stage } from '../scenario.ts';
import { lookAtFarEnd } from '../tcp-state.ts';
import type { AppProcess } from '../../../support/app-process.ts';
import { askState } from '../../../support/probed-process.ts';
import { ledgerTools, sendToolCall } from '../tool-call.ts';

const mebibyte = 1_024 * 1_024;
const stalledReaders = 32;
const resultBytes = 8 * mebibyte;
/** What any connection costs, whatever waits for its reader. */
const connectionBytes = 64 * 1_024;
const cutAfterMs = 30_000;
/** The sweep that looks for stalled readers, and the connection's end. */
const sweepMs = 3_000;
/** When every answer has come as far as it comes without a reader. */
const settledAfterMs = 10_000;
/** Longer than a stalled reader lives. */
const slowReadMs = 45_000;

/** Readers that take nothing, and one that takes its time. */
export const slowReaders: Scenario = {
  name: 'slow-readers',
  requirement:
    'a reader that stalls costs at most 1 MiB and is cut after 30 s, while a slow one gets the whole of its 8 MiB',
  smoke: false,
  async run(stage) {
    const { deployment } = stage;
    await deployment.heal();
    const gateway = deployment.gateway(0);
    // Once, so that what the first large result costs for ever is not counted.
    await stage.call(0, 'answer', { characters: resultBytes });
    const beforeBytes = await usedBytesOf(gateway);
    const slow = stage.full ? readSlowly(stage) : undefined;
    const patienceMs = stage.full ? settledAfterMs + cutAfterMs + sweepMs : settledAfterMs;
    const stalled = Array.from({ length: stalledReaders }, () => stall(stage, patienceMs));
    await delay(settledAfterMs - 1_000);
    const eachBytes = ((await usedBytesOf(gateway)) - beforeBytes) / stalledReaders;
    const cost = `a stalled reader costs ${(eachBytes / mebibyte).toFixed(2)} MiB`;
    stage.require(eachBytes <= mebibyte + connectionBytes, cost);
    stage.note(cost);
    const readers = await Promise.all(stalled);
    for (const { stalledMs, cut } of stage.full ? readers : []) {
      stage.require(cut, `a stalled reader was not cut in ${Math.round(stalledMs)} ms`);
      stage.requireWithin(stalledMs, cutAfterMs + sweepMs, 'the end of a stalled reader');
      stage.require(stalledMs > cutAfterMs - sweepMs, `a stalled reader was cut after ${Math.round(stalledMs)} ms`);
    }
    await slow;
  },
};

/** The least of several looks: the memory of buffers that a collection has found is given back a little later. */
async function usedBytesOf(gateway: AppProcess): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 4; look++) {
    least = Math.min(least, (await askState(gateway)).usedBytes);
    await delay(200);
  }
  return least;
}

/** A call whose answer is never read. Resolves when the gateway has cut it, or when that has been waited for long enough. */
async function stall(stage: Stage, patienceMs: number): Promise<{ stalledMs: number; cut: boolean }> {
  const record = newRecord(stage, performance.now());
  const { port } = stage.deployment.caller(0);
  const response = await answerTo(stage, record.key);
  const answeredAt = performance.now();
  const nearPort = response.socket.localPort ?? 0;
  let stalledAt = answeredAt;
  let last = lookAtFarEnd(port, nearPort);
  while (last.heldOpen && performance.now() - answeredAt < patienceMs) {
    await delay(200);
    const { waitingBytes } = last;
    last = lookAtFarEnd(port, nearPort);
    // As long as there is room between the two ends, the answer still comes on.
    if (last.heldOpen && last.waitingBytes !== waitingBytes) stalledAt = performance.now();
  }
  const stalledMs = performance.now() - stalledAt;
  response.destroy();
  // How long it does not read is the reader's own doing; that nothing complete came is visible at once.
  stage.calls.push({ ...record, endedAt: answeredAt, ending: 'lost' });
  return { stalledMs, cut: !last.heldOpen };
}

/** The beginning of a large answer, none of which has been read. */
function answerTo(stage: Stage, key: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = sendToolCall(stage.deployment.caller(0), 'answer', { key, characters: resultBytes }, (response) => {
      response.on('error', () => {});
      resolve(response);
    });
    sent.on('error', reject);
  });
}

/** A call whose answer is read evenly over a time that is longer than any stall may be. */
async function readSlowly(stage: Stage): Promise<void> {
  const record = newRecord(stage, performance.now());
  const response = await answerTo(stage, record.key);
  const chunks: Buffer[] = [];
  const since = performance.now();
  let bytes = 0;
  let cut = false;
  try {
    for await (const chunk of response) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      const dueAt = since + (bytes / resultBytes) * slowReadMs;
      if (dueAt > performance.now()) await delay(dueAt - performance.now());
    }
  } catch {
    cut = true;
  }
  const final = cut ? undefined : finalMessageOf(response.headers['content-type'], Buffer.concat(chunks));
  const text = final?.message.result?.content?.[0]?.text ?? '';
  stage.require(text.length === resultBytes, `a slow reader got ${bytes} bytes and ${cut ? 'was cut' : 'no result'}`);
  stage.note(`a slow reader took ${((performance.now() - since) / 1_000).toFixed(0)} s`);
  // How long it reads is the reader's own doing.
  stage.calls.push({ ...record, endedAt: since, ending: text === '' ? 'lost' : 'result' });
}

function newRecord(stage: Stage, startedAt: number): Omit<CallRecord, 'endedAt' | 'ending'> {
  const terms = ledgerTools.answer as (typeof ledgerTools)[string];
  return { key: stage.nextKey(), tool: 'answer', ...terms, gateway: 0, startedAt };
}
