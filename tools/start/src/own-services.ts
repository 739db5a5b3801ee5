import { connectNats } from '@gatehouse/messaging';
import { createLogger, maskCredentials, StartError } from '@gatehouse/runtime';
import pg from 'pg';
import type { StartSettings } from './config.ts';

const checkTimeoutMs = 3_000;

/**
 * Tries the operator's own PostgreSQL before anything starts.
 * @throws StartError in one sentence when it cannot be used.
 */
export async function checkDatabase(url: string): Promise<void> {
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) {
    throw new StartError('DATABASE_URL is malformed: it must look like postgres://user:password@host:5432/database.');
  }
  const connection = new pg.Client({ connectionString: url, connectionTimeoutMillis: checkTimeoutMs });
  // A lost connection fails `connect`, or does not matter any more.
  connection.on('error', () => {});
  try {
    await connection.connect();
  } catch (cause) {
    const { host, pathname } = new URL(url);
    throw new StartError(
      `The PostgreSQL of DATABASE_URL (${host}${pathname}) cannot be used (${reasonOf(cause)}): correct DATABASE_URL, or unset it to use the embedded one.`,
      { cause },
    );
  } finally {
    await connection.end().catch(() => {});
  }
}

/**
 * Tries the operator's own NATS before anything starts.
 * @throws StartError in one sentence when it cannot be used.
 */
export async function checkNats(url: string, settings: StartSettings): Promise<void> {
  const connection = await connectNats({
    servers: url,
    user: settings.NATS_USER,
    password: settings.NATS_PASSWORD,
    name: 'start',
    inboxPrefix: '_INBOX_start',
    logger: createLogger('start', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' }),
  });
  await connection.close();
}

function reasonOf(cause: unknown): string {
  const inner: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  const message = inner instanceof Error ? inner.message : String(inner);
  return maskCredentials(message).replace(/\.$/, '');
}
