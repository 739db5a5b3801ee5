import type { Logger } from '@gatehouse/runtime';

export function logFeedCurrent(logger: Logger): void {
  logger.info('every revocation of the issuer is known');
}

export function logFeedStale(logger: Logger): void {
  logger.error('revocations of the issuer are not heard of any more');
}

export function logFeedUnreadable(logger: Logger, error: unknown): void {
  logger.warn({ err: error }, 'keys and revocations of the issuer cannot be read from NATS, trying again');
}

/** What an authorization server would not write. */
export function logIssuerEntryDropped(logger: Logger, fields: { natsSubject: string; err?: unknown }): void {
  logger.error(fields, 'an entry of the issuer was dropped');
}
