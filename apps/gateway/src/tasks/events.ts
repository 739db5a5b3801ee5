import type { Logger } from '@gatehouse/runtime';

export function logTasksUnreachable(logger: Logger, error: unknown): void {
  logger.warn({ err: error }, 'a task could not be read or changed');
}

/** Task ids open tasks to their principals, so they are not logged. */
export function logTasksOrphaned(
  logger: Logger,
  fields: { server: string; instance: string; tasks: number; reason: OrphanReason },
): void {
  logger.warn(fields, 'an instance is gone, its tasks have failed');
}

/** Why an instance counts as dead. */
export type OrphanReason = 'nobody listens' | 'silent';
