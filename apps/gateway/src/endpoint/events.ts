import type { Logger } from '@gatehouse/runtime';
import type { RecordedOutcome } from './methods/call-record.ts';

/** The record of one call; the audit will be fed from the same fields. */
interface CallEvent {
  traceId: string;
  tenant: string;
  accountId: string;
  oauthClientId: string;
  tokenId: string;
  /** Revision that the client speaks. */
  version: string;
  method: string;
  server: string;
  /** Tool, prompt, resource or template; absent for a URI that only a prefix claims. */
  name: string | undefined;
  definitionsDigest: string;
  argumentsDigest: string;
  decision: 'allow' | 'challenge' | 'missing-capability' | 'limit' | 'used-state';
  outcome: RecordedOutcome;
  /** Why a call failed. */
  reason?: string;
  errorCode?: number | undefined;
  instance?: string;
  durationMs: number;
  requestBytes: number;
  responseBytes: number;
}

export function logCall(logger: Logger, fields: CallEvent): void {
  logger.info(fields, 'call');
}

export function logListening(logger: Logger, fields: { url: string; host: string; port: number }): void {
  logger.info(fields, 'MCP endpoint listens');
}

export function logRefused(logger: Logger, fields: { status: number; reason: string; path: string }): void {
  logger.debug(fields, 'request refused');
}

/** Our own fault: the one place where it is logged. */
export function logFault(logger: Logger, fields: { err: unknown; path: string }): void {
  logger.error(fields, 'request failed');
}
