import type { Principal } from '@gatehouse/protocol';

/**
 * One call as it travels from a gateway to a worker. The request's bytes are the client's, unchanged; what the gateway
 * decided (who calls, which method, which unprefixed name) stands beside them and is authoritative.
 */
export interface CallEnvelope {
  /** Unguessable id of the call. */
  callId: string;
  tenant: string;
  server: string;
  /** Digest of the definitions that the name was resolved against. */
  digest: string;
  /** JSON-RPC method, such as `tools/call`. */
  method: string;
  /** Unprefixed tool or prompt name, or the URI; for `completion/complete` the reference's name or URI. */
  name: string;
  principal: Principal;
  /** When the caller stops waiting, milliseconds since the epoch. */
  deadlineMs: number;
  /** W3C Trace Context of the caller's span. */
  traceparent?: string;
  /** The JSON-RPC request as the client sent it. */
  body: Uint8Array;
}

/** What the worker says about its last frame, so that the gateway need not parse the bytes. */
export interface FinalFrameInfo {
  kind: 'result' | 'error';
  /** `resultType` of a result (`complete`, `input_required`). */
  resultType?: string;
  /** `isError` of a tool result. */
  isError?: boolean;
  /** JSON-RPC error code when `kind` is `error`. */
  errorCode?: number;
}

/** A frame of the answer: notifications first, then exactly one final frame. Each body is a whole JSON-RPC message. */
export type Frame = { kind: 'notification'; body: Uint8Array } | (FinalFrameInfo & { body: Uint8Array });

/** A call as the worker's handler sees it. */
export interface IncomingCall extends CallEnvelope {
  /** Aborted when the caller cancels, the deadline passes or the worker ends. */
  signal: AbortSignal;
  /** Sends a notification of this call; dropped once the call has ended. */
  notify(body: Uint8Array): void;
}

/** Answers one call with its final frame. A throw is the worker's fault and becomes -32603. */
export type CallHandler = (call: IncomingCall) => Promise<FinalFrameInfo & { body: Uint8Array }>;
