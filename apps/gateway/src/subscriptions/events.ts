import type { Logger } from '@gatehouse/runtime';
import type { SubscriptionEnd } from './subscription.ts';

export function logStreamOpened(logger: Logger, fields: { accountId: string; topics: number }): void {
  logger.debug(fields, 'subscription opened');
}

export function logStreamEnded(logger: Logger, fields: { accountId: string; end: SubscriptionEnd }): void {
  logger.debug(fields, 'subscription ended');
}

/** Our own fault: who follows the task hears of its next change. */
export function logTaskNotTold(logger: Logger, error: unknown): void {
  logger.error({ err: error }, 'a change of a task was not told');
}
