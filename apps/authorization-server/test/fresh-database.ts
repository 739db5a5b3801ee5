import { randomUUID } from 'node:crypto';
import { openDatabase } from '@gatehouse/database';
import { createLogger } from '@gatehouse/runtime';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { entities } from '../src/storage/entities.ts';
import { migrations } from '../src/storage/migrations/index.ts';

/** A database of one test file, with the schema of the authorization server. */
export interface FreshDatabase {
  url: string;
  /** Opens a pool of its own, as another replica would. */
  open(): Promise<DataSource>;
  /** Closes what was opened and drops the database. */
  drop(): Promise<void>;
}

/** Creates an empty database in the PostgreSQL that the test run shares. */
export async function createFreshDatabase(): Promise<FreshDatabase> {
  const serverUrl = process.env.GATEHOUSE_TEST_DATABASE_URL;
  if (serverUrl === undefined)
    throw new Error('GATEHOUSE_TEST_DATABASE_URL is unset: run the tests through vitest projects');
  const name = `auth_test_${randomUUID().replaceAll('-', '')}`;
  await administer(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const opened: DataSource[] = [];
  return {
    url: url.href,
    open: async () => {
      const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
      const options = { url: url.href, schema: 'auth', applicationName: 'test', entities, migrations, logger };
      const dataSource = await openDatabase(options);
      opened.push(dataSource);
      return dataSource;
    },
    drop: async () => {
      await Promise.all(opened.map((dataSource) => dataSource.destroy()));
      await administer(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function administer(serverUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
