import type { IncomingCall } from '@gatehouse/messaging';
import { invalidParams, isObject, MetaKey } from '@gatehouse/protocol';
import type { Principal, RequiredClientCapabilities } from '@gatehouse/protocol';
import type { CallRequest } from './call-request.ts';
import { NotificationRate } from './notification-rate.ts';

/** RFC 5424 severities, least severe first (MCP 2026-07-28 Logging §Log Levels). */
export const loggingLevels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;

export type LoggingLevel = (typeof loggingLevels)[number];

/** MCP 2026-07-28 schema `ClientCapabilities`: what the client of this very request can do. */
export type ClientCapabilities = RequiredClientCapabilities & { experimental?: Record<string, object> };

/** What a handler knows of the call it answers, and what it may say before it answers. */
export interface CallContext {
  /** Who calls, as the access token proved it. */
  readonly principal: Principal;
  /** Aborted when the caller goes away, the deadline passes or the worker stops. */
  readonly signal: AbortSignal;
  readonly clientCapabilities: ClientCapabilities;
  /** The client's answers to an earlier `input_required` result, by key; unverified input. */
  readonly inputResponses: Readonly<Record<string, unknown>>;
  /** The state of an earlier `input_required` result, as the client gave it back: unverified input. */
  readonly requestState: string | undefined;
  /** W3C Trace Context of the caller. */
  readonly traceparent: string | undefined;
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

/** The context of `resources/read`. */
export interface ReadContext extends CallContext {
  /** The URI as the client gave it. */
  readonly uri: string;
}

/** The context of `completion/complete`. */
export interface CompletionContext extends CallContext {
  /** The arguments that the user has already filled in. */
  readonly arguments: Readonly<Record<string, string>>;
}

/**
 * The context of one call.
 * @throws JsonRpcError -32602 for an unknown log level (MCP 2026-07-28 Logging §Error Handling)
 */
export function createContext(call: IncomingCall, request: CallRequest): CallContext {
  const { meta, params } = request;
  const rate = new NotificationRate();
  return {
    principal: call.principal,
    signal: call.signal,
    clientCapabilities: asRecord(meta[MetaKey.clientCapabilities]),
    inputResponses: asRecord(params.inputResponses),
    requestState: typeof params.requestState === 'string' ? params.requestState : undefined,
    traceparent: call.traceparent,
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
