import type { Logger } from '@gatehouse/runtime';

/** One call of a tool, as its log lines say it. */
interface LoggedTool {
  server: string;
  tool: string;
  traceId: string | undefined;
}

/** A tool threw what its author did not foresee; the caller saw the message. */
export function toolFailed(logger: Logger, tool: LoggedTool, error: unknown): void {
  logger.warn({ ...tool, err: error }, 'a tool failed');
}

/** A tool broke its own output schema. */
export function toolOutputInvalid(logger: Logger, tool: LoggedTool, reason: string): void {
  logger.error({ ...tool, reason }, 'a tool returned what its output schema does not allow');
}

/** What a call is about, as its log lines say it. */
interface LoggedCall {
  method: string;
  name: string;
  traceId?: string;
}

/** A call ended with -32603. */
export function callFailed(
  logger: Logger,
  server: string,
  { method, name, traceId }: LoggedCall,
  error: unknown,
): void {
  logger.error({ server, method, name, traceId, err: error }, 'a call failed');
}

/** A handler caught what ends its run and went on without the answer; the client was asked all the same. */
export function questionsHidden(
  logger: Logger,
  server: string,
  { method, name, traceId }: LoggedCall,
  keys: string[],
): void {
  logger.warn({ server, method, name, traceId, keys }, 'a handler went on after a question that has no answer yet');
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
