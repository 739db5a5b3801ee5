import type { Logger } from '@gatehouse/runtime';

/** A call whose state may be used once could not be let through. */
export function logUsedStatesUnavailable(logger: Logger, error: unknown): void {
  logger.error({ err: error }, 'the store of used request states does not answer');
}

/** A call did not run, but its state stays used: its client has to begin again. */
export function logStateNotReleased(logger: Logger, error: unknown): void {
  logger.warn({ err: error }, 'a request state could not be given back');
}
