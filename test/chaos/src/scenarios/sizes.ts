import { setTimeout as delay } from 'node:timers/promises';
import type { CallRecord } from '../call-record.ts';
import { durationMs } from '../call-record.ts';
import type { Scenario, Stage } from '../scenario.ts';
import { encodeToolCall } from '../tool-call.ts';

const mebibyte = 1_024 * 1_024;
/** A small one, so that 8 MiB is far beyond it. */
const maxPayloadBytes = mebibyte;
/** What is left of a message for its headers (libs/messaging). */
const headerRoomBytes = 16 * 1_024;
/** Long enough for 8 MiB on a busy machine, and far from any deadline. */
const promptMs = 5_000;

const sizes = [
  maxPayloadBytes - headerRoomBytes - 1,
  maxPayloadBytes - headerRoomBytes,
  maxPayloadBytes - headerRoomBytes + 1,
  maxPayloadBytes - 1,
  maxPayloadBytes,
  maxPayloadBytes + 1,
  8 * mebibyte,
];

/** Results and requests around the largest message of the bus. */
export const largeMessages: Scenario = {
  name: 'large-messages',
  requirement:
    'a result or request of max_payload -1, +0, +1 and 8 MiB arrives whole or is refused in a typed way, and never runs into its deadline',
  smoke: false,
  deployment: { gateways: 2, workers: 2, maxPayloadBytes },
  async run(stage) {
    const overheadBytes = ((await stage.call(0, 'answer', { characters: 1_000 })).bytes ?? 0) - 1_000;
    for (const bytes of sizes) {
      const result = await stage.call(stage.random.between(0, 1), 'answer', { characters: bytes - overheadBytes });
      requirePrompt(stage, result, `a result of ${bytes} bytes`);
      if (result.ending === 'result')
        stage.require(result.bytes === bytes, `a result of ${bytes} bytes arrived with ${result.bytes}`);
      else stage.require(result.code === -31008, `a result of ${bytes} bytes ended ${result.ending}: ${result.detail}`);
      await requireRequest(stage, bytes);
    }
    // Whatever was refused must not have hurt those who serve everybody.
    await delay(200);
    stage.require(
      [...stage.deployment.workers, ...stage.deployment.gateways].every(({ runs }) => runs),
      'a process has ended',
    );
  },
};

async function requireRequest(stage: Stage, bytes: number): Promise<void> {
  const key = stage.nextKey();
  const emptyBytes = encodeToolCall('take', { key, padding: '' }).length;
  const request = await stage.call(stage.random.between(0, 1), 'take', {
    key,
    padding: 'x'.repeat(bytes - emptyBytes),
  });
  requirePrompt(stage, request, `a request of ${bytes} bytes`);
  const refused = request.ending === 'not-executed' && request.code === -31008;
  stage.require(
    request.ending === 'result' || refused,
    `a request of ${bytes} bytes ended ${request.ending}: ${request.detail}`,
  );
}

function requirePrompt(stage: Stage, call: CallRecord, what: string): void {
  stage.requireWithin(durationMs(call), promptMs, what);
}
