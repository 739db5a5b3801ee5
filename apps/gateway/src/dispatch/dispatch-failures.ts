import type { ChunksLoss } from '@gatehouse/messaging';
import { ErrorCode } from '@gatehouse/protocol';
import type { DispatchCall, DispatchFailure, DispatchFailureReason } from './dispatch-outcome.ts';

/** When a client may try again: instances come and go within seconds. */
const retryAfterMs = 1_000;

const reasonOfLoss: Record<ChunksLoss, DispatchFailureReason> = {
  'malformed-frame': 'malformed-answer',
  'instance-died': 'worker-lost',
  'bus-gone': 'bus-gone',
  expired: 'deadline',
  cancelled: 'cancelled',
  revoked: 'revoked',
};

/** The typed failures of a call (design §6): what the client is told, and why for the operator. */
export const failures = {
  noInstance: (): DispatchFailure => notExecuted(ErrorCode.workerUnavailable, 'no-instance'),

  overloaded: (): DispatchFailure => notExecuted(ErrorCode.overloaded, 'overloaded'),

  tooManyCalls: (): DispatchFailure => notExecuted(ErrorCode.overloaded, 'too-many-calls'),

  /** The account has used up as many states as it may for now. */
  tooManyStates: (waitMs: number): DispatchFailure => ({
    ...notExecuted(ErrorCode.rateLimited, 'too-many-states'),
    retryAfterMs: waitMs,
  }),

  busGone: (): DispatchFailure => notExecuted(ErrorCode.dependencyUnavailable, 'bus-gone'),

  /** Nobody knows whether the state of the call is used up: the same call may be refused. */
  stateUnknown: (): DispatchFailure => ({
    kind: 'failed',
    code: ErrorCode.outcomeUnknown,
    executed: 'unknown',
    retryable: false,
    reason: 'state-unknown',
  }),

  lost: (call: DispatchCall, reason: 'worker-lost' | 'bus-gone' | 'malformed-answer'): DispatchFailure => ({
    kind: 'failed',
    code: ErrorCode.outcomeUnknown,
    executed: 'unknown',
    retryable: call.replayable,
    reason,
  }),

  deadline: (call: DispatchCall, executed: 'no' | 'unknown'): DispatchFailure => ({
    kind: 'failed',
    code: ErrorCode.deadlineExceeded,
    executed,
    retryable: executed === 'no' || call.replayable,
    reason: 'deadline',
  }),

  /** The client has gone: nobody reads it, the record of the call says it. */
  cancelled: (): DispatchFailure => ({
    kind: 'failed',
    code: ErrorCode.outcomeUnknown,
    executed: 'unknown',
    retryable: false,
    reason: 'cancelled',
  }),

  /** The token of the call was revoked while it ran. */
  revoked: (): DispatchFailure => ({
    kind: 'failed',
    code: ErrorCode.outcomeUnknown,
    executed: 'unknown',
    retryable: false,
    reason: 'revoked',
  }),

  /** The call has run, and its result got lost on the way. */
  brokenOff: (loss: ChunksLoss): DispatchFailure => ({
    kind: 'failed',
    code: ErrorCode.outcomeUnknown,
    executed: 'unknown',
    retryable: false,
    reason: reasonOfLoss[loss],
  }),

  tooLarge: (reason: 'request-too-large' | 'result-too-large'): DispatchFailure => ({
    kind: 'failed',
    code: ErrorCode.payloadTooLarge,
    executed: reason === 'request-too-large' ? 'no' : 'yes',
    retryable: false,
    reason,
  }),
};

function notExecuted(code: DispatchFailure['code'], reason: DispatchFailure['reason']): DispatchFailure {
  return { kind: 'failed', code, executed: 'no', retryable: true, retryAfterMs, reason };
}
