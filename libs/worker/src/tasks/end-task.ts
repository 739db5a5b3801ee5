import { setTimeout as delay } from 'node:timers/promises';
import type { OwnTask } from '@gatehouse/messaging';
import { TaskContentTooLargeError } from '@gatehouse/messaging';
import { ErrorCode, gatehouseError, JsonRpcError } from '@gatehouse/protocol';

/** How long a handler may take to stop when its worker ends. */
const stopGraceMs = 3_000;

/** What a handler came to: a whole result, or a JSON-RPC error. */
export type TaskOutcome = { result: WholeResult } | { refusal: JsonRpcError };

/** A result as it travels. */
export interface WholeResult extends Record<string, unknown> {
  resultType: string;
  isError?: boolean;
}

/**
 * Waits for the handler of a task and reports its ending: a result, even with `isError`, completes it; a JSON-RPC error
 * fails it (MCP Tasks extension §Task Execution Errors). Never rejects.
 * @param onFault hears of what the handler returned and JSON cannot hold
 */
export async function endTask(
  task: OwnTask,
  outcome: Promise<TaskOutcome>,
  onFault: (error: unknown) => void,
): Promise<void> {
  try {
    await reportEnding(task, outcome);
  } catch (error) {
    if (error instanceof TaskContentTooLargeError) return fail(task, tooLarge(task.traceId));
    onFault(error);
    await fail(task, new JsonRpcError(ErrorCode.internalError, 'Internal error'));
  }
}

async function reportEnding(task: OwnTask, outcome: Promise<TaskOutcome>): Promise<void> {
  const { traceId } = task;
  const reached = await Promise.race([outcome, abandoned(task), task.over]);
  // Somebody else has ended it, or its time is over.
  if (!reached) return;
  if ('refusal' in reached) return fail(task, reached.refusal);
  const gaveUp = reached.result.isError === true;
  // What a handler throws when it is told to stop is no result of its work.
  if (gaveUp && task.stopped === 'cancelled') return task.end({ status: 'cancelled' });
  if (gaveUp && task.stopped === 'ending') return fail(task, workerEnded(traceId));
  await task.end({ status: 'completed', result: Buffer.from(JSON.stringify(reached.result)) });

  /** A worker that ends waits no longer for a handler that does not listen. */
  async function abandoned(of: OwnTask): Promise<TaskOutcome> {
    await aborted(of.signal);
    if (of.stopped !== 'ending') return outcome;
    await delay(stopGraceMs, undefined, { ref: false });
    return { refusal: workerEnded(traceId) };
  }
}

function fail(task: OwnTask, { code, message, data }: JsonRpcError): Promise<void> {
  const error = Buffer.from(JSON.stringify({ code, message, data }));
  return task.end({ status: 'failed', error, statusMessage: message });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function workerEnded(traceId: string): JsonRpcError {
  const data = { executed: 'unknown', retryable: false, traceId } as const;
  return gatehouseError(ErrorCode.outcomeUnknown, 'The worker ended before the task was done', data);
}

function tooLarge(traceId: string): JsonRpcError {
  const data = { executed: 'yes', retryable: false, traceId } as const;
  return gatehouseError(ErrorCode.payloadTooLarge, 'The result of the task is too large', data);
}
