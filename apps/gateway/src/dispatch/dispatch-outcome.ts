import type { ReceivedFrame, SealedTaskGrant } from '@gatehouse/messaging';
import type { Principal } from '@gatehouse/protocol';
import type { TraceCarrier } from '@gatehouse/runtime';

/** A resolved and permitted call, ready to be sent to a worker. */
export interface DispatchCall {
  tenant: string;
  server: string;
  /** Digest of the definitions that the name was resolved against. */
  digest: string;
  method: string;
  /** Unprefixed tool or prompt name, or the URI. */
  name: string;
  principal: Principal;
  traceId: string;
  trace: TraceCarrier;
  /** The JSON-RPC request as the client sent it. */
  body: Uint8Array;
  /** When its time began to run. */
  startedAtMs: number;
  /** Longest wait without progress. */
  timeoutMs: number;
  /** Makes what lets an attempt become a task; absent when the call stays a call. */
  grantTask?: () => SealedTaskGrant;
  /** True when the definition is trusted to be read-only or idempotent, so that a lost call may run a second time. */
  replayable: boolean;
}

/** Why a call failed; a closed list for the operator. */
export type DispatchFailureReason =
  | 'no-instance'
  | 'overloaded'
  | 'too-many-calls'
  | 'too-many-states'
  | 'deadline'
  | 'worker-lost'
  | 'bus-gone'
  | 'state-unknown'
  | 'cancelled'
  | 'revoked'
  | 'request-too-large'
  | 'result-too-large'
  | 'malformed-answer';

export interface DispatchFailure {
  kind: 'failed';
  /** Design §6. */
  code: -31001 | -31002 | -31003 | -31004 | -31005 | -31008 | -31009;
  /** `yes` only for a result that was too large to be carried. */
  executed: 'no' | 'unknown' | 'yes';
  /** True when the same call may succeed later, and a second execution does no harm. */
  retryable: boolean;
  retryAfterMs?: number;
  reason: DispatchFailureReason;
}

/** How a call ended: the worker's final frame, or one typed failure. */
export type DispatchOutcome =
  | { kind: 'answered'; frame: ReceivedFrame; /** The instance that answered. */ instance: string }
  | DispatchFailure;
