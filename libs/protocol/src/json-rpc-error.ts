import { ErrorCode, httpStatusOf } from './error-code.ts';
import type { GatehouseErrorData } from './error-code.ts';
import { supportedVersions } from './protocol-version.ts';

/** JSON-RPC request id: a string or an integer, never null (MCP 2026-07-28 §Requests). */
export type RequestId = string | number;

/** A refusal of the caller's message, with what the wire needs to say it. */
export class JsonRpcError extends Error {
  override readonly name = 'JsonRpcError';
  readonly code: number;
  readonly data: object | undefined;
  readonly httpStatus: number;
  /** Set when the refusal knows the id but its catcher cannot, because the envelope was never returned. */
  readonly requestId: RequestId | undefined;

  constructor(
    code: number,
    message: string,
    options: { data?: object; httpStatus?: number; requestId?: RequestId | undefined } = {},
  ) {
    super(message);
    this.code = code;
    this.data = options.data;
    this.httpStatus = options.httpStatus ?? httpStatusOf(code);
    this.requestId = options.requestId;
  }
}

/** Not JSON, or not UTF-8: 400, and no id, for none could be read. */
export function parseError(reason: string): JsonRpcError {
  return new JsonRpcError(ErrorCode.parseError, `Parse error: ${reason}`, { httpStatus: 400 });
}

/** JSON, but not a message that may be sent here: 400. */
export function invalidRequest(reason: string, requestId?: RequestId): JsonRpcError {
  return new JsonRpcError(ErrorCode.invalidRequest, `Invalid request: ${reason}`, { httpStatus: 400, requestId });
}

export function methodNotFound(method: string): JsonRpcError {
  return new JsonRpcError(ErrorCode.methodNotFound, `Method not found: ${method.slice(0, 100)}`);
}

/** Parameters that are well formed and name nothing, or nothing that can be used: 200. */
export function invalidParams(reason: string, data?: object): JsonRpcError {
  return new JsonRpcError(ErrorCode.invalidParams, reason, data === undefined ? {} : { data });
}

/** MCP 2026-07-28 §`_meta`: a request without its required fields is malformed, 400. */
export function malformedMeta(reason: string): JsonRpcError {
  return new JsonRpcError(ErrorCode.invalidParams, `Invalid params: ${reason}`, { httpStatus: 400 });
}

/** MCP 2026-07-28 Streamable HTTP §Server Validation: 400. */
export function headerMismatch(reason: string): JsonRpcError {
  return new JsonRpcError(ErrorCode.headerMismatch, `Header mismatch: ${reason}`);
}

/** MCP 2026-07-28 §`_meta`: 400, naming what the client would have to declare. */
export function missingClientCapability(requiredCapabilities: object): JsonRpcError {
  return new JsonRpcError(
    ErrorCode.missingRequiredClientCapability,
    `Missing required client capability: ${Object.keys(requiredCapabilities).join(', ')}`,
    { data: { requiredCapabilities } },
  );
}

/** MCP 2026-07-28 Versioning §Protocol Version Negotiation: 400. */
export function unsupportedProtocolVersion(requested: string): JsonRpcError {
  return new JsonRpcError(ErrorCode.unsupportedProtocolVersion, 'Unsupported protocol version', {
    data: { supported: supportedVersions, requested: requested.slice(0, 100) },
  });
}

/** One of Gatehouse's own codes; `data` tells whether the call ran. */
export function gatehouseError(
  code: number,
  message: string,
  data: GatehouseErrorData,
  httpStatus = 200,
): JsonRpcError {
  return new JsonRpcError(code, message, { data, httpStatus });
}

/** Writes an error response; without an id when none was read (JSON-RPC 2.0 §5, MCP schema `JSONRPCErrorResponse`). */
export function encodeErrorResponse(
  requestId: RequestId | undefined,
  error: { code: number; message: string; data?: object | undefined },
): Buffer {
  const { code, message, data } = error;
  return Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: requestId, error: { code, message, data } }));
}

const resultHead = Buffer.from(',"result":');
const resultTail = Buffer.from('}');

/** Writes a result response around result bytes that were prepared before the id was known. */
export function encodeResultResponse(requestId: RequestId, result: Uint8Array): Buffer {
  const head = Buffer.from(`{"jsonrpc":"2.0","id":${JSON.stringify(requestId)}`);
  return Buffer.concat([head, resultHead, result, resultTail]);
}
