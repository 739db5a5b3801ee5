import type { OwnTask } from '@gatehouse/messaging';
import { taskPollIntervalMs } from '@gatehouse/messaging';
import type { WholeResult } from './end-task.ts';

/** What the caller gets instead of a result (MCP Tasks extension `CreateTaskResult`). */
export function taskHandle({ taskId, createdAtMs, ttlMs, statusMessage }: OwnTask): WholeResult {
  const createdAt = new Date(createdAtMs).toISOString();
  return {
    resultType: 'task',
    taskId,
    status: 'working',
    statusMessage,
    createdAt,
    lastUpdatedAt: createdAt,
    ttlMs,
    pollIntervalMs: taskPollIntervalMs,
  };
}
