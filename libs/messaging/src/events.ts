import type { Logger } from '@gatehouse/runtime';
import type { Status } from '@nats-io/transport-node';

/** Connection events that an operator wants to see; the others are the protocol's own bookkeeping. */
export function logBusStatus(logger: Logger, status: Status): void {
  if (status.type === 'disconnect') logger.warn({ natsServer: status.server }, 'connection to NATS lost');
  else if (status.type === 'reconnect') logger.info({ natsServer: status.server }, 'connected to NATS again');
  else if (status.type === 'error') logger.error({ err: status.error }, 'NATS reported an error');
  else if (status.type === 'ldm') logger.info({ natsServer: status.server }, 'NATS server is about to stop');
}

export function logOldServer(
  logger: Logger,
  server: { version: string; host: string | undefined; wanted: string },
): void {
  logger.warn(server, 'nats-server has known security flaws, update it');
}

export function logBusGone(logger: Logger): void {
  logger.error('NATS carries no messages, calls are refused');
}

export function logBusRecovered(logger: Logger): void {
  logger.info('NATS carries messages');
}

export function logRecoveryFailed(logger: Logger, error: unknown): void {
  logger.warn({ err: error }, 'recovery from an outage of NATS failed, trying again');
}

export function logHandlerFailed(
  logger: Logger,
  fields: { err: unknown; server: string; method: string; name: string; traceId: string | undefined },
): void {
  logger.error(fields, 'handler failed');
}

export function logFrameTooLarge(logger: Logger, fields: { server: string; name?: string; bytes: number }): void {
  logger.warn(fields, 'answer exceeds what NATS carries, it was not sent');
}

export function logServing(logger: Logger, fields: { instance: string; servers: string[] }): void {
  logger.info(fields, 'serving calls');
}

export function logDefinitionsReplaced(logger: Logger, fields: { server: string; digest: string }): void {
  logger.info(fields, 'offering other definitions');
}

export function logWaitingForCatalog(logger: Logger, fields: { server: string }): void {
  logger.warn(fields, 'waiting for a gateway or the authorization server to store the definitions');
}

export function logAnnouncementFailed(logger: Logger, error: unknown): void {
  logger.error({ err: error }, 'definitions could not be stored again');
}

/** An announcement that breaks the rules; the other entries are not touched. */
export function logAnnouncementDropped(logger: Logger, fields: { key: string; reason: string }): void {
  logger.warn(fields, 'announcement dropped');
}

export function logCatalogUnreadable(logger: Logger, error: unknown): void {
  logger.warn({ err: error }, 'catalog cannot be read, trying again');
}

/** Malformed beats come in floods, so the registry logs the first of each minute only. */
export function logBeatsDropped(logger: Logger, fields: { natsSubject: string; dropped: number }): void {
  logger.warn(fields, 'beats dropped');
}

/** Like malformed beats, the first of each minute only. */
export function logUpdatesDropped(logger: Logger, fields: { natsSubject: string; dropped: number }): void {
  logger.warn(fields, 'updates of resources dropped');
}

export function logInstanceSeen(logger: Logger, fields: { server: string; instance: string; digest: string }): void {
  logger.info(fields, 'instance ready');
}

export function logInstanceSuspect(logger: Logger, fields: { server: string; instance: string }): void {
  logger.warn(fields, 'instance misses its beats, no new calls');
}

export function logInstanceGone(
  logger: Logger,
  fields: { server: string; instance: string; reason: 'stopped' | 'nobody listens' },
): void {
  logger.info(fields, 'instance gone');
}

/** Our own fault, never a sender's: what was received is lost, the next message is not. */
export function logReceiverFailed(logger: Logger, fields: { err: unknown; natsSubject: string }): void {
  logger.error(fields, 'received message was not handled');
}

/** The bus or its store is in trouble; the worker announces again. */
export function logAnnouncementNotStored(logger: Logger, fields: { err: unknown; key: string }): void {
  logger.warn(fields, 'announcement could not be stored');
}

/** A report of a challenge that breaks the rules. */
export function logStepUpDropped(logger: Logger, fields: { natsSubject: string }): void {
  logger.warn(fields, 'report of a challenge dropped');
}

/** The client of the challenge is not led; it sees that its refresh was of no use. */
export function logStepUpFailed(logger: Logger, error: unknown): void {
  logger.error({ err: error }, 'a report of a challenge could not be dealt with');
}
