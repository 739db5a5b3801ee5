import type { IncomingCall } from '@gatehouse/messaging';
import { invalidParams, isObject, MetaKey } from '@gatehouse/protocol';
import type { Principal, RequiredClientCapabilities } from '@gatehouse/protocol';
import type { CallRequest } from './call-request.ts';
import { NotificationRate } from './notification-rate.ts';
import { createAsking, unattended } from './questions/asking.ts';
import type { Asker, Asking } from './questions/asking.ts';
import type { Round } from './questions/round.ts';

/** RFC 5424 severities, least severe first (MCP 2026-07-28 Logging §Log Levels). */
const loggingLevels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;

export type LoggingLevel = (typeof loggingLevels)[number];

/** MCP 2026-07-28 schema `ClientCapabilities`: what the client of this very request can do. */
export type ClientCapabilities = RequiredClientCapabilities & { experimental?: Record<string, object> };

/** What every handler knows of the call it answers, and what it may say before it answers. */
export interface BasicContext {
  /** Who calls, as the access token proved it. */
  readonly principal: Principal;
  /** Aborted when the caller goes away, the deadline passes or the worker stops. */
  readonly signal: AbortSignal;
  readonly clientCapabilities: ClientCapabilities;
  /** The id of the request in the logs of gateway and worker, and in `error.data` at the client. */
  readonly traceId: string | undefined;
  /** W3C Trace Context to go on with: of the call's own span while there is telemetry, else of the caller. */
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  /** W3C Baggage of the caller; unverified input. */
  readonly baggage: string | undefined;
  /**
   * Reports progress to a client that asked for it, and extends the deadline. A value that does not increase is dropped
   * (MCP 2026-07-28 Progress §Progress Flow), and so is what exceeds the rate of 50 a second, the end (`total`) excepted.
   */
  progress(this: void, progress: number, total?: number, message?: string): void;
  /**
   * Sends a log message to a client that asked for this level or a lower one; what exceeds 50 a second is dropped. No secrets,
   * no personal data.
   */
  log(this: void, level: LoggingLevel, data: unknown, logger?: string): void;
}

/** The context of handlers that may ask the client for more: of tools, prompts and resources. */
export interface CallContext extends BasicContext, Asking {
  /**
   * Runs a piece of work and keeps its result for the runs to come (see `Asking`): a finished step is not run again by
   * retries that carry this call's state. Use it for effects, and for what must not change, before a question.
   *
   * The state that holds the result is sealed and travels through the client, 64 KiB in all at most. A result that is lost on the
   * way (the worker dies, the connection breaks) leaves the client with an older state, and then the step runs again: what may
   * happen only once needs a key of its own there, or `singleUseState`.
   * @param name one per step within a call, the same in every round
   * @param work returns what JSON can hold
   */
  step<Value>(this: void, name: string, work: () => Value | Promise<Value>): Promise<Value>;
  /** For raw `input_required` results: the client's answers to them, by key; unverified input. */
  readonly inputResponses: Readonly<Record<string, unknown>>;
  /** For raw `input_required` results: the state of the last one, which no client can have read or changed. */
  readonly requestState: string | undefined;
}

/** The context of `resources/read`. */
export interface ReadContext extends CallContext {
  /** The URI as the client gave it. */
  readonly uri: string;
}

/** The context of `completion/complete`, which may not ask (MCP 2026-07-28 Multi Round-Trip Requests §Supported Requests). */
export interface CompletionContext extends BasicContext {
  /** The arguments that the user has already filled in. */
  readonly arguments: Readonly<Record<string, string>>;
}

/** The context of one run of a handler that may ask. */
export function createContext(basic: BasicContext, round: Round, asker: Asker = round): CallContext {
  // Assigned and not spread: V8 14 takes 2 us for each member that a literal adds to a spread, more than all else here.
  return Object.assign(createAsking(asker), basic, {
    step: unattended((name, work) => round.steps.run(name, work)) as CallContext['step'],
    inputResponses: round.responses,
    requestState: round.kept.own,
  });
}

/**
 * What every handler of one call gets.
 * @throws JsonRpcError -32602 for an unknown log level (MCP 2026-07-28 Logging §Error Handling)
 */
export function createBasicContext(call: IncomingCall, { meta }: CallRequest): BasicContext {
  const rate = new NotificationRate();
  return {
    principal: call.principal,
    signal: call.signal,
    clientCapabilities: asRecord(meta[MetaKey.clientCapabilities]),
    traceId: call.traceId,
    traceparent: call.trace?.traceparent,
    tracestate: call.trace?.tracestate,
    baggage: call.trace?.baggage,
    progress: progressReporter(call, meta.progressToken, rate),
    log: logReporter(call, meta[MetaKey.logLevel], rate),
  };
}

function asRecord(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

function progressReporter(call: IncomingCall, progressToken: unknown, rate: NotificationRate): CallContext['progress'] {
  if (typeof progressToken !== 'string' && !Number.isInteger(progressToken)) return ignore;
  let last = Number.NEGATIVE_INFINITY;
  return (progress, total, message) => {
    if (!(progress > last) || (!rate.take() && progress !== total)) return;
    last = progress;
    notify(call, 'notifications/progress', { progressToken, progress, total, message });
  };
}

function logReporter(call: IncomingCall, requested: unknown, rate: NotificationRate): CallContext['log'] {
  if (requested === undefined) return ignore;
  const threshold = loggingLevels.indexOf(requested as LoggingLevel);
  if (threshold === -1) throw invalidParams(`Unknown log level: use one of ${loggingLevels.join(', ')}`);
  return (level, data, logger) => {
    if (loggingLevels.indexOf(level) < threshold || !rate.take()) return;
    notify(call, 'notifications/message', { level, logger, data });
  };
}

function notify(call: IncomingCall, method: string, params: Record<string, unknown>): void {
  call.notify(Buffer.from(JSON.stringify({ jsonrpc: '2.0', method, params })));
}

function ignore(): void {
  // the client did not ask for it
}
