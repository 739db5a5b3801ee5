import type { Logger } from '@gatehouse/runtime';

/** An idle connection died; the pool opens another when it needs one. */
export function reportLostConnection(logger: Logger, error: Error): void {
  logger.warn({ err: error }, 'lost a connection to PostgreSQL');
}
