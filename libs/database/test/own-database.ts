import { randomUUID } from 'node:crypto';
import { createLogger } from '@gatehouse/runtime';
import pg from 'pg';
import type { MigrationInterface } from 'typeorm';
import { openDatabase } from '../src/open-database.ts';

/** A database of one test in the PostgreSQL that the test run shares. */
export interface OwnDatabase {
  name: string;
  url: string;
  query<T extends object>(statement: string): Promise<T[]>;
  drop(): Promise<void>;
}

export async function createOwnDatabase(): Promise<OwnDatabase> {
  const serverUrl = process.env.GATEHOUSE_TEST_DATABASE_URL ?? '';
  const name = `database_test_${randomUUID().replaceAll('-', '')}`;
  await administer(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    name,
    url: url.href,
    query: async <T extends object>(statement: string) => {
      const client = new pg.Client({ connectionString: url.href });
      await client.connect();
      try {
        return (await client.query<T>(statement)).rows;
      } finally {
        await client.end();
      }
    },
    drop: () => administer(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`),
  };
}

/** Runs one statement as the superuser of the shared PostgreSQL. */
export async function administer(serverUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Opens a database as a process would. */
export function open(url: string, migrations: (new () => MigrationInterface)[] = []) {
  const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
  return openDatabase({ url, schema: 'own', applicationName: 'database-test', entities: [], migrations, logger });
}
