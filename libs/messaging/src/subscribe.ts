import type { Logger } from '@gatehouse/runtime';
import type { Msg, NatsConnection, Subscription } from '@nats-io/nats-core';
import { logReceiverFailed } from './events.ts';

/**
 * Subscribes with a callback that may throw: nats.js by itself would stop reading the connection for good.
 * `onDenied` hears when NATS refuses the subscription; without it, the connection's status says so. Of all subscribers
 * of one `queue`, one receives each message.
 */
export function subscribe(
  connection: NatsConnection,
  natsSubject: string,
  logger: Logger,
  receive: (message: Msg) => void,
  options: { onDenied?: (error: Error) => void; queue?: string } = {},
): Subscription {
  return connection.subscribe(natsSubject, {
    ...(options.queue === undefined ? {} : { queue: options.queue }),
    callback: (error, message) => {
      if (error) return options.onDenied?.(error);
      try {
        receive(message);
      } catch (fault) {
        logReceiverFailed(logger, { err: fault, natsSubject });
      }
    },
  });
}
