import { ErrorCode, JsonRpcError } from '@gatehouse/protocol';

/**
 * A failure that the author foresaw, worded for the caller. A tool answers `isError: true` with the message, everything
 * else -32602; it is not logged. Other errors thrown by a tool are answered alike, but logged as faults of the tool.
 */
export class ExpectedError extends Error {
  override readonly name = 'ExpectedError';
}

/** Says that there is nothing at the URI (MCP 2026-07-28 Resources §Error Handling: -32602 with the URI). */
export class ResourceNotFoundError extends JsonRpcError {
  constructor(uri: string) {
    super(ErrorCode.invalidParams, 'Resource not found', { data: { uri } });
  }
}

/** A handler used its context in a way that cannot work, such as a key twice: a fault of its author, who finds it in the log. */
export class ContextMisuseError extends Error {
  override readonly name = 'ContextMisuseError';
}
