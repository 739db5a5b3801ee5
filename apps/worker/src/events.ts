import type { Logger } from '@gatehouse/runtime';

/** Leftovers of earlier processes stay until the next start; nothing depends on their removal. */
export function leftoversNotSwept(logger: Logger, error: unknown): void {
  logger.warn({ err: error }, 'leftovers of earlier processes could not be removed');
}
