import type { Task, TaskState } from '@gatehouse/messaging';
import { readInputContent, taskPollIntervalMs } from '@gatehouse/messaging';

/**
 * A task as `tasks/get` and `notifications/tasks` show it (MCP Tasks extension `DetailedTask`): the members of a JSON object,
 * without its braces. Result and error are spliced in as bytes.
 */
export function encodeDetailedTask(taskId: string, task: Task): Buffer {
  const { state, content } = task;
  const members = Buffer.from(JSON.stringify(describe(taskId, state)).slice(1, -1));
  switch (state.status) {
    case 'completed':
      return Buffer.concat([members, Buffer.from(',"result":'), content]);
    case 'failed':
      return Buffer.concat([members, Buffer.from(',"error":'), content]);
    case 'input_required': {
      const { inputRequests } = readInputContent(task);
      return Buffer.concat([members, Buffer.from(`,"inputRequests":${JSON.stringify(inputRequests)}`)]);
    }
    default:
      return members;
  }
}

/** The result of `tasks/get` (MCP Tasks extension `GetTaskResult`). */
export function taskResult(taskId: string, task: Task, meta: object): Buffer {
  const head = Buffer.from('{"resultType":"complete",');
  const tail = Buffer.from(`,"_meta":${JSON.stringify(meta)}}`);
  return Buffer.concat([head, encodeDetailedTask(taskId, task), tail]);
}

/** The result of `tasks/update` and `tasks/cancel`: an empty acknowledgement. */
export function taskAcknowledgement(meta: object): Buffer {
  return Buffer.from(JSON.stringify({ resultType: 'complete', _meta: meta }));
}

function describe(taskId: string, { status, statusMessage, createdAtMs, updatedAtMs, ttlMs }: TaskState): object {
  return {
    taskId,
    status,
    statusMessage,
    createdAt: new Date(createdAtMs).toISOString(),
    lastUpdatedAt: new Date(updatedAtMs).toISOString(),
    ttlMs,
    pollIntervalMs: taskPollIntervalMs,
  };
}
