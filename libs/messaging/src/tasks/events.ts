import type { Logger } from '@gatehouse/runtime';
import type { Task } from './task.ts';

/** The one record of one task's end, beside that of the call that began it. Ids open tasks to their callers: they are not logged. */
export function logTaskEnded(logger: Logger, { state, content }: Task): void {
  const { traceId, server, instance, status, createdAtMs, updatedAtMs } = state;
  const fields = { traceId, server, instance, status, durationMs: updatedAtMs - createdAtMs, bytes: content.length };
  logger.info(fields, 'task ended');
}

/** A report that breaks the rules; the task is not touched. */
export function logTaskReportDropped(logger: Logger, fields: { natsSubject: string; reason: string }): void {
  logger.warn(fields, 'report of a task dropped');
}

/** The bus or its store is in trouble; the owner reports again. */
export function logTaskReportNotStored(logger: Logger, fields: { err: unknown; natsSubject: string }): void {
  logger.warn(fields, 'report of a task could not be stored');
}

export function logTasksUnreadable(logger: Logger, error: unknown): void {
  logger.warn({ err: error }, 'tasks cannot be read, trying again');
}

export function logTaskDropped(logger: Logger, fields: { natsSubject: string }): void {
  logger.warn(fields, 'entry of the tasks is malformed');
}
