/** JSON-RPC error codes: JSON-RPC 2.0 §5.1, MCP 2026-07-28 §Error Codes, and Gatehouse's own outside the reserved range. */
export const ErrorCode = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  headerMismatch: -32020,
  missingRequiredClientCapability: -32021,
  unsupportedProtocolVersion: -32022,
  /** MCP 2025-11-25 and earlier; MUST NOT be sent to a client of a later revision. */
  legacyResourceNotFound: -32002,
  workerUnavailable: -31001,
  outcomeUnknown: -31002,
  deadlineExceeded: -31003,
  rateLimited: -31004,
  overloaded: -31005,
  payloadTooLarge: -31008,
  dependencyUnavailable: -31009,
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** `error.data` of Gatehouse's own codes (docs/reference/errors.md). */
export interface GatehouseErrorData {
  /** Whether the call ran: this decides if repeating it is safe. */
  executed: 'no' | 'yes' | 'unknown';
  /** True when the same call may succeed later. */
  retryable: boolean;
  retryAfterMs?: number;
  traceId: string;
}

/**
 * The HTTP status of a response that carries this code in its final frame (MCP 2026-07-28 Streamable HTTP §Protocol
 * Version Header, §Server Validation). All other codes answer 200, for clients drop the bodies of other statuses.
 */
export function httpStatusOf(errorCode: number): number {
  switch (errorCode) {
    case ErrorCode.methodNotFound:
      return 404;
    case ErrorCode.headerMismatch:
    case ErrorCode.missingRequiredClientCapability:
    case ErrorCode.unsupportedProtocolVersion:
      return 400;
    default:
      return 200;
  }
}
