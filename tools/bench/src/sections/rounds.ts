import { setTimeout as delay } from 'node:timers/promises';
import { watchMemory } from '../memory.ts';
import type { BenchOptions } from '../options.ts';
import { headersTo, waitForRightAnswer } from '../prepared-request.ts';
import type { PreparedRequest } from '../prepared-request.ts';
import { median } from '../report/row.ts';
import type { TargetName } from '../target-names.ts';
import type { Target } from '../targets.ts';
import { runWrk } from '../wrk.ts';
import type { LoadResult } from '../wrk.ts';

const warmUpSeconds = 3;
const warmUpConnections = 16;
const settleMs = 200;

/** One run of wrk against one target. */
export interface Measurement extends LoadResult {
  target: TargetName;
  /** What was asked, such as `tools/call`. */
  request: string;
  connections: number;
  /** Most resident memory of the target's front process during the run. */
  peakRssMib: number;
}

/** A target that was looked at and answers rightly. */
export interface CheckedTarget {
  target: Target;
  request: PreparedRequest;
  /** What the right answers of the warm-up were like. */
  warmUp: AnswerSize;
}

/**
 * Checks one answer closely, then warms the target up with the text of every answer compared.
 * @throws Error when it gives a wrong answer
 */
export async function check(target: Target, request: PreparedRequest, options: BenchOptions): Promise<CheckedTarget> {
  await waitForRightAnswer(target, request);
  const warmUp = await runWrk({
    url: target.url,
    headers: headersTo(target, request),
    body: request.body,
    connections: warmUpConnections,
    seconds: options.quick ? 1 : warmUpSeconds,
    expectedText: request.expectedText,
  });
  if (warmUp.failed > 0) throw new Error(`${target.name} gave ${warmUp.failed} wrong answers while it warmed up`);
  return { target, request, warmUp: { ...warmUp, connections: warmUpConnections } };
}

/** One run of wrk, and how much memory the target took in it. */
export async function measure(
  { target, request, warmUp }: CheckedTarget,
  name: string,
  connections: number,
  seconds: number,
): Promise<Measurement> {
  using memory = watchMemory(target.pid);
  const load = { url: target.url, headers: headersTo(target, request), body: request.body, connections, seconds };
  const result = await runWrk(load);
  const measurement = { target: target.name, request: name, connections, peakRssMib: memory.peakMib, ...result };
  checkAnswerSize(target.name, measurement, warmUp);
  const { requestsPerSecond, p50Ms, failed } = measurement;
  console.log(
    `${target.name.padEnd(16)} ${name}, ${connections} connections: ${Math.round(requestsPerSecond)}/s, p50 ${p50Ms.toFixed(2)} ms${failed > 0 ? `, ${failed} FAILED` : ''}`,
  );
  return measurement;
}

/** The mean size of the answers of one run. */
interface AnswerSize {
  bytesPerAnswer: number;
  requests: number;
  connections: number;
}

/**
 * An error inside a 200 has another size than a right answer: the mean tells, without looking at every answer. Each connection
 * may have had a part of one more answer when its run was over.
 */
export function checkAnswerSize(name: string, measured: AnswerSize, warmUp: AnswerSize): void {
  const expected = warmUp.bytesPerAnswer;
  const tolerance = 0.002 + measured.connections / measured.requests + warmUp.connections / warmUp.requests;
  if (Math.abs(measured.bytesPerAnswer - expected) <= expected * tolerance) return;
  const sizes = `${measured.bytesPerAnswer.toFixed(1)} bytes on average, ${expected.toFixed(1)} are right`;
  throw new Error(`${name} answered with ${sizes}`);
}

/**
 * Takes all steps once per round, so that a slow minute of the machine hits all alike; every second round backwards, so that
 * none always follows the same one.
 */
export async function inRounds<Result>(rounds: number, steps: (() => Promise<Result>)[]): Promise<Result[]> {
  const results: Result[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const step of round % 2 === 0 ? steps : steps.toReversed()) {
      results.push(await step());
      await delay(settleMs);
    }
  }
  return results;
}

/** Requests without a right answer: the gateway's break a promise, a peer's are told below the table. */
export function failuresOf(measurements: Measurement[]): { failed: number; notes: string[] } {
  const failed = new Map<TargetName, number>();
  for (const measurement of measurements) {
    if (measurement.failed > 0) {
      failed.set(measurement.target, (failed.get(measurement.target) ?? 0) + measurement.failed);
    }
  }
  return {
    failed: failed.get('gateway') ?? 0,
    notes: [...failed]
      .filter(([target]) => target !== 'gateway')
      .map(([target, count]) => `${target} left ${count} requests without a right answer.`),
  };
}

/** The measurements of one load, one per round in the order of the rounds. */
export function select(
  measurements: Measurement[],
  target: TargetName,
  connections: number,
  request?: string,
): Measurement[] {
  return measurements.filter(
    (measurement) =>
      measurement.target === target &&
      measurement.connections === connections &&
      (request === undefined || measurement.request === request),
  );
}

/** The median of every target that was measured. */
export function medians(
  measurements: Measurement[],
  connections: number,
  key: 'requestsPerSecond' | 'p50Ms' | 'p99Ms',
): Partial<Record<TargetName, number>> {
  const values: Partial<Record<TargetName, number>> = {};
  for (const { target } of measurements) {
    const own = select(measurements, target, connections);
    if (own.length > 0) values[target] ??= median(own.map((measurement) => measurement[key]));
  }
  return values;
}
