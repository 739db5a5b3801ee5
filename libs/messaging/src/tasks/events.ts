import type { Logger } from '@gatehouse/runtime';

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
