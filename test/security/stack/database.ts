import { randomUUID } from 'node:crypto';
import pg from 'pg';

/** A database of the stack's own in the PostgreSQL that the test run shares. */
export interface Database {
  url: string;
  query<Row = unknown>(statement: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

export async function createDatabase(): Promise<Database> {
  const serverUrl = process.env.GATEHOUSE_TEST_DATABASE_URL;
  if (serverUrl === undefined) throw new Error('GATEHOUSE_TEST_DATABASE_URL is unset: run the tests through vitest');
  const name = `security_${randomUUID().replaceAll('-', '')}`;
  await administer(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: 2 });
  // A lost connection fails the query that waits on it.
  pool.on('error', () => {});
  return {
    url: url.href,
    query: async <Row>(statement: string, values: unknown[] = []) =>
      (await pool.query(statement, values)).rows as Row[],
    drop: async () => {
      await pool.end();
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
