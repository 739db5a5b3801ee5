import type { Principal } from '@gatehouse/protocol';
import type { TraceCarrier } from '@gatehouse/runtime';
import type { ReceivedFrame } from './chunked-frame.ts';
import type { TaskOffer } from './tasks/own-task.ts';
import type { SealedTaskGrant } from './tasks/task-grants.ts';

/**
 * One call as it travels from a gateway to a worker. The request's bytes are the client's, unchanged; what the gateway
 * decided (who calls, which method, which unprefixed name) stands beside them and is authoritative.
 */
interface CallEnvelope {
  /** Unguessable id of this attempt. */
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
  /** When the caller stops waiting, milliseconds since the epoch by this process's clock; progress moves it. */
  deadlineMs: number;
  /** The id under which the gateway logs the request; for logs. */
  traceId?: string;
  /** Trace context of the caller, or of the span that this process began for the call. */
  trace?: TraceCarrier;
  /** The JSON-RPC request as the client sent it. */
  body: Uint8Array;
}

/** What a gateway asks of one instance. */
export interface CallRequest {
  digest: string;
  method: string;
  name: string;
  principal: Principal;
  traceId?: string;
  trace?: TraceCarrier;
  body: Uint8Array;
  /** Longest wait without progress; every progress notification allows as much again. */
  timeoutMs: number;
  /** Longest wait in all, progress or not. */
  maxCallMs: number;
  /** Lets the call become a task. */
  task?: SealedTaskGrant;
}

/** What the worker says about its last frame, so that the gateway need not parse the bytes. */
export interface FinalFrameInfo {
  kind: 'result' | 'error';
  /** `resultType` of a result (`complete`, `input_required`, `task`). */
  resultType?: string;
  /** `isError` of a tool result. */
  isError?: boolean;
  /** JSON-RPC error code when `kind` is `error`. */
  errorCode?: number;
}

/** The final frame of an answer: a whole JSON-RPC message and what the worker says about it. */
export type FinalFrame = FinalFrameInfo & { body: Uint8Array };

/** A frame of the answer: notifications first, then exactly one final frame. Each body is a whole JSON-RPC message. */
export type Frame = { kind: 'notification'; body: Uint8Array } | FinalFrame;

/**
 * Why a worker did not run a call at all:
 * `draining` it ends; `overloaded` its queue is full; `unknown-definitions` it serves another digest; `expired` the
 * deadline passed while the call waited in the queue; `malformed` it could not read the call.
 */
export type Refusal = 'draining' | 'overloaded' | 'unknown-definitions' | 'expired' | 'malformed';

/**
 * How one attempt at one instance ended:
 * `answered` with the final frame, whose chunks may still be coming; `refused` or `unreachable` (nobody listens there):
 * not executed;
 * `result-too-large`: executed, and the result exceeds 64 MiB; `expired`: no answer before the deadline;
 * `cancelled` by the caller; `revoked`: the caller's token is good no more; `lost`: the instance died or the bus broke after the call was published;
 * `bus-gone`: never published.
 */
export type CallOutcome =
  | { kind: 'answered'; frame: ReceivedFrame }
  | { kind: 'refused'; reason: Refusal }
  | { kind: 'unreachable' }
  | { kind: 'request-too-large' }
  | { kind: 'result-too-large' }
  | { kind: 'expired' }
  | { kind: 'cancelled' }
  | { kind: 'revoked' }
  | { kind: 'lost'; reason: 'instance-died' | 'bus-gone' | 'malformed-frame' }
  | { kind: 'bus-gone' };

/** A call as the worker's handler sees it. */
export interface IncomingCall extends CallEnvelope {
  /** Aborted when the caller cancels, the deadline passes or the worker ends. */
  signal: AbortSignal;
  /** Present when tool and client allow the call to become a task. */
  task?: TaskOffer;
  /**
   * Sends a notification of this call; dropped once the call has ended. `notifications/progress` moves the deadline
   * (design: progress extends it by the same amount, up to the ceiling).
   */
  notify(body: Uint8Array): void;
}

/** Answers one call with its final frame. A throw is the worker's fault and becomes -32603. */
export type CallHandler = (call: IncomingCall) => Promise<FinalFrame>;
