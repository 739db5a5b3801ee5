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
