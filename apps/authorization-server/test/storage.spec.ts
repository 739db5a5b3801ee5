import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { sweepExpired } from '../src/storage/sweep-expired.ts';
import { createFreshDatabase } from './fresh-database.ts';
import type { FreshDatabase } from './fresh-database.ts';

describe('the tables', () => {
  let database: FreshDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createFreshDatabase();
    dataSource = await database.open();
  });
  afterAll(() => database.drop());

  it('have a tenant on every row', async () => {
    const without = await dataSource.query(
      `SELECT table_name FROM information_schema.tables t
       WHERE table_schema = 'auth' AND table_name <> 'schema_migration' AND NOT EXISTS (
         SELECT 1 FROM information_schema.columns c WHERE c.table_schema = 'auth' AND c.table_name = t.table_name
         AND c.column_name = 'tenant_id' AND c.is_nullable = 'NO')`,
    );
    expect(without).toEqual([]);
  });

  it('survive a crash of PostgreSQL: none is unlogged', async () => {
    const unlogged = await dataSource.query(
      `SELECT relname FROM pg_class WHERE relnamespace = 'auth'::regnamespace AND relkind = 'r' AND relpersistence <> 'p'`,
    );
    expect(unlogged).toEqual([]);
  });

  it('are what the entities describe', async () => {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    // Checks stand in migrations alone; the entities need not repeat them.
    const drift = upQueries.map(({ query }) => query).filter((query) => !/ DROP CONSTRAINT "\w+_check"$/.test(query));
    expect(drift).toEqual([]);
  });

  it.each([`UPDATE auth.audit_row SET outcome = 'success'`, 'DELETE FROM auth.audit_row', 'TRUNCATE auth.audit_row'])(
    'keep the audit as it was written: %s fails',
    async (statement) => {
      await dataSource.query(
        `INSERT INTO auth.audit_row (tenant_id, type, outcome) VALUES ('default', 'test.happened', 'failure')`,
      );
      await expect(dataSource.query(statement)).rejects.toThrow('rows of audit_row are only ever added');
    },
  );

  it('lose what has expired, in batches, and nothing else', async () => {
    const insert = (kind: string, count: number, expiry: string) =>
      dataSource.query(
        `INSERT INTO auth.provider_record (kind, id, tenant_id, payload, expires_at)
         SELECT $1, n::text, 'default', '{}', now() + $2::interval FROM generate_series(1, $3) AS n`,
        [kind, expiry, count],
      );
    await insert('Expired', 1_234, '-1 second');
    await insert('Alive', 3, '1 hour');
    await dataSource.query(
      `INSERT INTO auth.outbox (tenant_id, kind, key, expires_at) VALUES
       ('default', 'grant', 'expired', now() - interval '1 second'), ('default', 'grant', 'alive', now() + interval '1 hour')`,
    );
    expect(await sweepExpired(dataSource)).toBe(1_235);
    expect(
      await dataSource.query('SELECT kind, count(*)::int AS count FROM auth.provider_record GROUP BY kind'),
    ).toEqual([{ kind: 'Alive', count: 3 }]);
    expect(await dataSource.query('SELECT key FROM auth.outbox')).toEqual([{ key: 'alive' }]);
  });
});
