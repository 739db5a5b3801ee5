import { echoBody, echoHeaders, echoText, waitForEcho } from './echo-call.ts';
import { watchMemory } from './memory.ts';
import type { BenchOptions } from './options.ts';
import type { Measurement, TargetName } from './report.ts';
import { runWrk } from './wrk.ts';
import type { LoadResult } from './wrk.ts';

/** Something that answers the echo call. */
export interface Target {
  name: TargetName;
  url: string;
  /** The process that listens there. */
  pid: number;
  accessToken?: string;
}

const connectionCounts = [64, 1];
const warmUpSeconds = 3;

/**
 * Checks and warms every target, then measures them in turns, so that a slow minute of the machine hits all alike.
 * @throws Error when a target gives a wrong answer
 */
export async function measure(
  targets: Target[],
  options: BenchOptions,
  onMeasurement: (measurement: Measurement) => void,
): Promise<Measurement[]> {
  const answerBytes = new Map<Target, number>();
  for (const target of targets) answerBytes.set(target, await warmUp(target, options));
  const measurements: Measurement[] = [];
  for (let round = 0; round < options.rounds; round++) {
    for (const connections of connectionCounts) {
      for (const target of targets) {
        const measurement = await measureOnce(target, connections, options.seconds);
        checkAnswerSize(target, measurement, answerBytes.get(target) ?? 0);
        measurements.push(measurement);
        onMeasurement(measurement);
      }
    }
  }
  return measurements;
}

/** One call looked at closely, then load with the text of every answer compared; gives the size of a right answer. */
async function warmUp(target: Target, { quick }: BenchOptions): Promise<number> {
  await waitForEcho({ name: target.name, url: target.url, headers: echoHeaders(target.accessToken) });
  const result = await load(target, { connections: 64, seconds: quick ? 1 : warmUpSeconds, expectedText: echoText });
  if (result.failed > 0) throw new Error(`${target.name} gave ${result.failed} wrong answers while it warmed up`);
  return result.bytesPerAnswer;
}

async function measureOnce(target: Target, connections: number, seconds: number): Promise<Measurement> {
  const peakRssMb = watchMemory(target.pid);
  const result = await load(target, { connections, seconds });
  return { target: target.name, connections, peakRssMb: peakRssMb(), ...result };
}

/** An error inside a 200 has another size than the echo: the mean tells, without looking at every answer. */
function checkAnswerSize(target: Target, { bytesPerAnswer }: LoadResult, expected: number): void {
  if (Math.abs(bytesPerAnswer - expected) > expected * 0.002) {
    throw new Error(
      `${target.name} answered with ${bytesPerAnswer.toFixed(1)} bytes on average, ${expected.toFixed(1)} are right`,
    );
  }
}

function load(
  target: Target,
  run: { connections: number; seconds: number; expectedText?: string },
): Promise<LoadResult> {
  return runWrk({ url: target.url, headers: echoHeaders(target.accessToken), body: echoBody, ...run });
}
