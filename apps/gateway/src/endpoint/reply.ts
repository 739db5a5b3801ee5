import type { FrameChunks } from '@gatehouse/messaging';
import { encodeErrorResponse, ErrorCode, JsonRpcError } from '@gatehouse/protocol';
import type { RequestId } from '@gatehouse/protocol';
import { HttpRefusal } from '../http-refusal.ts';

/** A JSON body of known length that is still on its way. */
export interface ChunkedBody {
  bytes: number;
  chunks: FrameChunks;
}

/** The last word on one POST: a status and, unless it says all, a JSON body: whole, or in chunks. */
export interface Reply {
  status: number;
  body?: Uint8Array;
  chunked?: ChunkedBody;
  headers?: Readonly<Record<string, string>>;
  /** The connection is closed after it. */
  closes?: boolean;
}

/** MCP Streamable HTTP §Sending Messages: an accepted notification has no body. */
export const accepted: Reply = { status: 202 };

/**
 * Turns a refusal into its reply; undefined for anything else, which is our fault.
 * @param requestId of the message, if it was read; a refusal that knows it better keeps its own.
 */
export function replyOfRefusal(error: unknown, requestId?: RequestId): Reply | undefined {
  if (error instanceof JsonRpcError) {
    const body = encodeErrorResponse(error.requestId ?? requestId, error);
    const headers = retryAfterOf(error.data);
    return headers === undefined ? { status: error.httpStatus, body } : { status: error.httpStatus, body, headers };
  }
  if (error instanceof HttpRefusal) {
    const body = error.body ?? { error: 'refused', error_description: error.message };
    return {
      status: error.status,
      headers: error.headers,
      closes: error.closes,
      body: Buffer.from(JSON.stringify(body)),
    };
  }
  return undefined;
}

/** -32603 for our own fault: 200 once the request was read, so that the client sees it; 500 before. */
export function replyOfFault(requestId: RequestId | undefined): Reply {
  const body = encodeErrorResponse(requestId, { code: ErrorCode.internalError, message: 'Internal error' });
  return { status: requestId === undefined ? 500 : 200, body };
}

function retryAfterOf(data: object | undefined): Record<string, string> | undefined {
  const retryAfterMs = data && 'retryAfterMs' in data ? data.retryAfterMs : undefined;
  return typeof retryAfterMs === 'number' ? { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) } : undefined;
}
