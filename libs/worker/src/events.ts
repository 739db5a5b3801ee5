import type { Logger } from '@gatehouse/runtime';

/** A tool threw what its author did not foresee; the caller saw the message. */
export function toolFailed(logger: Logger, server: string, tool: string, error: unknown): void {
  logger.warn({ server, tool, err: error }, 'a tool failed');
}

/** A tool broke its own output schema. */
export function toolOutputInvalid(logger: Logger, server: string, tool: string, reason: string): void {
  logger.error({ server, tool, reason }, 'a tool returned what its output schema does not allow');
}

/** A call ended with -32603. */
export function callFailed(logger: Logger, server: string, method: string, name: string, error: unknown): void {
  logger.error({ server, method, name, err: error }, 'a call failed');
}

/** A change of what a running server offers; what it offered before stays announced. */
export function offersNotAnnounced(logger: Logger, server: string, error: unknown): void {
  logger.error({ server, err: error }, 'what the server offers now could not be announced');
}

/** The process takes calls. */
export function workerReady(
  logger: Logger,
  fields: { servers: string[]; instance: string | undefined; adminPort: number },
): void {
  logger.info(fields, 'worker ready');
}
