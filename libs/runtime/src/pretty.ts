import { PinoPretty } from 'pino-pretty';
import type { PrettyStream } from 'pino-pretty';

/** A synchronous, readable stream for terminals: time, level, app, message, fields. */
export function pinoPretty(): PrettyStream {
  return PinoPretty({
    sync: true,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,app',
    messageFormat: '{app}: {msg}',
    singleLine: true,
  });
}
