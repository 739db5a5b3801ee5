import { StartError } from '@gatehouse/runtime';
import type { Logger } from '@gatehouse/runtime';
import pg from 'pg';
import 'reflect-metadata';
import { DataSource } from 'typeorm';
import type { EntityTarget, MigrationInterface, ObjectLiteral } from 'typeorm';
import { advisoryLockKey } from './advisory-lock.ts';
import { reportLostConnection } from './events.ts';
import { explainDatabaseFailure, parseDatabaseUrl } from './explain-connection-failure.ts';
import { MigrationLog } from './migration-log.ts';
import { asPrepared } from './prepared-statement.ts';

/** What a process opens its database with. */
interface DatabaseOptions {
  /** `postgres://user:password@host:port/database`. */
  url: string;
  /** PostgreSQL schema of all tables, created when absent. */
  schema: string;
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
  entities: EntityTarget<ObjectLiteral>[];
  migrations: (new () => MigrationInterface)[];
  /** Most connections of this process; 10 unless said. */
  poolSize?: number;
  /** When a statement is ended; 2 s unless said. The server is given up a second later. */
  statementTimeoutMs?: number;
  logger: Logger;
}

const oldestServerVersion = 14;
/** A server that is up answers within a second, unless its machine has too much to do. */
const connectTimeoutMs = 2_000;
/** How long a request waits until one of the pool's connections is free. */
const connectionWaitMs = 5_000;
const statementTimeoutMs = 2_000;
/** For a server that is stopped or cut off: it cannot end a statement by itself. */
const silenceTimeoutMs = 3_000;
const abandonedTransactionTimeoutMs = 10_000;

/**
 * Connects, brings the schema up to date and returns the pool. Replicas that start together run the migrations once:
 * the others wait on an advisory lock. A statement ends after 2 s (3 s when the server is silent), a connection attempt
 * after 1 s, the wait for a free connection after 5 s.
 * @throws StartError when the URL is malformed, the server unreachable or older than PostgreSQL 14, the password wrong,
 * or the database missing.
 */
export async function openDatabase(options: DatabaseOptions): Promise<DataSource> {
  // First, for a malformed URL is told as such.
  parseDatabaseUrl(options.url);
  const dataSource = createDataSource(options);
  try {
    await migrate(options);
    return await dataSource.initialize();
  } catch (cause) {
    throw explainDatabaseFailure(cause, options.url);
  }
}

function createDataSource(options: DatabaseOptions, limits = limitsOf(options)) {
  return new DataSource({
    type: 'postgres',
    url: options.url,
    schema: options.schema,
    entities: options.entities as never[],
    migrations: options.migrations,
    migrationsTableName: 'schema_migration',
    logger: new MigrationLog(options.logger),
    applicationName: options.applicationName,
    poolSize: limits.poolSize,
    // Idle connections emit `error` when the server goes away; unhandled it would end the process.
    poolErrorHandler: (error: Error) => reportLostConnection(options.logger, error),
    extra: {
      Client: ImpatientClient,
      // A statement is sent without waiting for the answer to the one before, where the program does not wait either.
      pipeline: true,
      connectionTimeoutMillis: connectionWaitMs,
      statement_timeout: limits.statementTimeoutMs,
      query_timeout: limits.silenceTimeoutMs,
      idle_in_transaction_session_timeout: abandonedTransactionTimeoutMs,
    },
  });
}

function limitsOf({ poolSize = 10, statementTimeoutMs: ended = statementTimeoutMs }: DatabaseOptions) {
  return { poolSize, statementTimeoutMs: ended, silenceTimeoutMs: ended + silenceTimeoutMs - statementTimeoutMs };
}

/** Runs the missing migrations while one plain connection holds the lock; a crash frees it with the connection. */
async function migrate(options: DatabaseOptions): Promise<void> {
  const holder = new pg.Client({
    connectionString: options.url,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: `${options.applicationName}-migrations`,
  });
  // The loss of the lock's connection shows in the migration's own connection too.
  holder.on('error', (error) => reportLostConnection(options.logger, error));
  try {
    await holder.connect();
    await checkServerVersion(holder);
    await holder.query('SELECT pg_advisory_lock($1::bigint)', [advisoryLockKey(`migrate ${options.schema}`)]);
    await holder.query(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(options.schema)}`);
    const dataSource = createDataSource(options, { poolSize: 1, statementTimeoutMs: 0, silenceTimeoutMs: 0 });
    await dataSource.initialize();
    try {
      await dataSource.runMigrations({ transaction: 'each' });
    } finally {
      await dataSource.destroy();
    }
  } finally {
    await holder.end();
  }
}

async function checkServerVersion(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: string; number: string }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number`,
  );
  const { version = 'unknown', number = '0' } = rows[0] ?? {};
  if (Number(number) >= oldestServerVersion * 10_000) return;
  throw new StartError(
    `The database of DATABASE_URL is PostgreSQL ${version}: use PostgreSQL ${oldestServerVersion} or newer.`,
  );
}

/** The pool has one time limit for a free connection and for making one. */
class ImpatientClient extends pg.Client {
  constructor(config: pg.ClientConfig) {
    super({ ...config, connectionTimeoutMillis: connectTimeoutMs });
  }

  /** A connection on which the server fell silent is given up: what else would be sent on it would wait as well. */
  override query(...parameters: unknown[]): never {
    const answer = (super.query as (...parameters: unknown[]) => unknown)(...asPrepared(parameters));
    if (answer instanceof Promise) answer.catch((reason: Error) => this.#giveUpSilence(reason));
    return answer as never;
  }

  #giveUpSilence(reason: Error): void {
    if (reason.message !== 'Query read timeout') return;
    // With a statement under way it cuts the connection, and the pool takes an ending client back no more.
    void this.end().catch(() => undefined);
  }
}
