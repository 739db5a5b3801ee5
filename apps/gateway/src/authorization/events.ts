import type { InvalidTokenReason } from '@gatehouse/auth';
import type { Logger } from '@gatehouse/runtime';

export function logTokenRefused(logger: Logger, fields: { reason: InvalidTokenReason; audience: string }): void {
  logger.info(fields, 'access token refused');
}

export function logKeySetLoaded(logger: Logger, fields: { issuer: string; keyIds: string[] }): void {
  logger.info(fields, 'signing keys of the issuer loaded');
}

export function logKeySetUnreachable(
  logger: Logger,
  fields: { issuer: string; err: unknown; keysInUse: boolean },
): void {
  logger.warn(fields, 'signing keys of the issuer cannot be fetched');
}

/** The client of a challenge refreshes its token in vain, and its person sees that something is missing. */
export function logStepUpNotAsked(logger: Logger, error: unknown): void {
  logger.warn({ err: error }, 'the authorization server does not answer to a request for more scopes');
}
