import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@gatehouse/runtime';
import pg from 'pg';
import { reportLostConnection } from './events.ts';

const connectTimeoutMs = 1_000;
const retryIntervalMs = 1_000;
const farewellMs = 500;

/** What is listened to, and who hears it. */
interface ChannelOptions {
  /** `postgres://user:password@host:port/database`. */
  url: string;
  channel: string;
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
  /** Called for each NOTIFY on the channel, and whenever the connection is made (again), for what was missed. */
  onNotify: () => void;
  logger: Logger;
}

/**
 * Listens to a channel (`LISTEN`) on a connection of its own, for as long as it takes. It is a hint and no promise: a
 * notification is lost with the connection, and a server that falls silent is not noticed.
 */
export function listenToChannel(options: ChannelOptions): { close(): Promise<void> } {
  const closing = new AbortController();
  const running = keepListening(options, closing.signal);
  return {
    close: async () => {
      closing.abort();
      await running;
    },
  };
}

async function keepListening(options: ChannelOptions, closing: AbortSignal): Promise<void> {
  let isReported = false;
  while (!closing.aborted) {
    try {
      await listenOnce(options, closing, () => {
        isReported = false;
      });
    } catch (error) {
      if (!isReported && !closing.aborted) reportLostConnection(options.logger, error as Error);
      isReported = true;
    }
    await delay(retryIntervalMs, undefined, { signal: closing }).catch(() => undefined);
  }
}

/** Resolves when it is to end; rejects when the connection is lost. */
async function listenOnce(options: ChannelOptions, closing: AbortSignal, onConnected: () => void): Promise<void> {
  const client = new pg.Client({
    connectionString: options.url,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: options.applicationName,
    keepAlive: true,
  });
  const over = Promise.withResolvers<void>();
  // A loss may come before anybody waits for it.
  over.promise.catch(() => {});
  client.on('error', (error) => over.reject(error));
  client.on('end', () => over.reject(new Error('PostgreSQL ended the connection')));
  client.on('notification', () => options.onNotify());
  const stop = () => over.resolve();
  closing.addEventListener('abort', stop);
  try {
    await client.connect();
    await client.query(`LISTEN ${pg.escapeIdentifier(options.channel)}`);
    onConnected();
    options.onNotify();
    if (!closing.aborted) await over.promise;
  } finally {
    closing.removeEventListener('abort', stop);
    // A server that is silent never answers the farewell.
    await Promise.race([client.end().catch(() => undefined), delay(farewellMs, undefined, { ref: false })]);
  }
}
