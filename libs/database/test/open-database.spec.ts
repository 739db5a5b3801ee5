import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { lockForTransaction } from '../src/advisory-lock.ts';
import { checkDatabase } from '../src/readiness.ts';
import { startPostgresOfVersion, startSilence } from './fake-postgres.ts';
import { administer, createOwnDatabase, open } from './own-database.ts';
import type { OwnDatabase } from './own-database.ts';

const serverUrl = process.env.GATEHOUSE_TEST_DATABASE_URL ?? '';

class CreateThing1795000000001 implements MigrationInterface {
  readonly name = 'CreateThing1795000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Longer than the statement timeout of the pool: a migration may take its time.
    await queryRunner.query('SELECT pg_sleep(2.2)');
    await queryRunner.query('CREATE TABLE own.thing (id integer PRIMARY KEY)');
  }

  async down(): Promise<void> {}
}

class FillThing1795000000002 implements MigrationInterface {
  readonly name = 'FillThing1795000000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('INSERT INTO own.thing VALUES (1)');
  }

  async down(): Promise<void> {}
}

class Fail1795000000003 implements MigrationInterface {
  readonly name = 'Fail1795000000003';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('INSERT INTO own.thing VALUES (2)');
    throw new Error('the migration failed');
  }

  async down(): Promise<void> {}
}

describe('opening a database', () => {
  let database: OwnDatabase;

  beforeAll(async () => {
    database = await createOwnDatabase();
  });
  afterAll(() => database.drop());

  it('runs every migration once though four replicas start together', async () => {
    const migrations = [CreateThing1795000000001, FillThing1795000000002];
    const opened = await Promise.all(Array.from({ length: 4 }, () => open(database.url, migrations)));
    expect(await database.query('SELECT name FROM own.schema_migration ORDER BY id')).toEqual([
      { name: 'CreateThing1795000000001' },
      { name: 'FillThing1795000000002' },
    ]);
    await Promise.all(opened.map((dataSource) => dataSource.destroy()));
  });

  it('undoes a failed migration, frees the lock and says what failed', async () => {
    const migrations = [CreateThing1795000000001, FillThing1795000000002, Fail1795000000003];
    await expect(open(database.url, migrations)).rejects.toThrow('the migration failed');
    expect(await database.query('SELECT id FROM own.thing')).toEqual([{ id: 1 }]);
    const dataSource = await open(database.url, [CreateThing1795000000001, FillThing1795000000002]);
    await dataSource.destroy();
  });

  it('limits statements to 2 s and shows the name of the application', async () => {
    const dataSource = await open(database.url);
    await expect(dataSource.query('SELECT pg_sleep(5)')).rejects.toThrow('statement timeout');
    expect(await dataSource.query(`SELECT current_setting('application_name') AS name`)).toEqual([
      { name: 'database-test' },
    ]);
    await dataSource.destroy();
  });

  it('survives that its idle connections are cut, and connects again', async () => {
    const dataSource = await open(database.url);
    const isReady = checkDatabase(dataSource);
    expect(await isReady()).toBeUndefined();
    await administer(
      serverUrl,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database.name}'`,
    );
    await expect.poll(() => isReady()).toBeUndefined();
    await administer(serverUrl, `ALTER DATABASE ${database.name} ALLOW_CONNECTIONS false`);
    await administer(
      serverUrl,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database.name}'`,
    );
    expect(await isReady()).toBe('PostgreSQL does not answer');
    await administer(serverUrl, `ALTER DATABASE ${database.name} ALLOW_CONNECTIONS true`);
    await expect.poll(() => isReady()).toBeUndefined();
    await dataSource.destroy();
  });

  it('lets one transaction at a time hold a named lock', async () => {
    const [one, two] = await Promise.all([open(database.url), open(database.url)]);
    const events: string[] = [];
    const hold = (dataSource: typeof one, name: string) =>
      dataSource.transaction(async (manager) => {
        await lockForTransaction(manager, 'the lock');
        events.push(`${name} begins`);
        await manager.query('SELECT pg_sleep(0.2)');
        events.push(`${name} ends`);
      });
    await Promise.all([hold(one, 'one'), hold(two, 'two')]);
    expect(events[1]?.replace('ends', 'begins')).toBe(events[0]);
    expect(events[3]?.replace('ends', 'begins')).toBe(events[2]);
    await Promise.all([one.destroy(), two.destroy()]);
  });
});

describe('a database that cannot be opened', () => {
  let database: OwnDatabase;

  beforeAll(async () => {
    database = await createOwnDatabase();
    await administer(serverUrl, `CREATE ROLE database_test_reader LOGIN PASSWORD 'right secret'`);
  });
  afterAll(async () => {
    await database.drop();
    await administer(serverUrl, 'DROP ROLE database_test_reader');
  });

  const changed = (change: (url: URL) => void) => {
    const url = new URL(database.url);
    change(url);
    return url.href;
  };
  const failureOf = async (url: string) => {
    const failure = await open(url).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'StartError' });
    return (failure as Error).message;
  };

  it.each([
    'postgres',
    'mysql://a:secret@host/database',
    'postgres://a:secret@host',
    'postgres:///database',
    'postgres://a:secret@host:port/database',
    'host=localhost password=secret',
    '',
  ])('is told in one sentence that DATABASE_URL is malformed: %j', async (url) => {
    expect(await failureOf(url)).toBe(
      'DATABASE_URL is malformed: it must look like postgres://user:password@host:5432/database.',
    );
  });

  it('is told in one sentence that nobody listens', async () => {
    const url = changed((it) => {
      it.port = '1';
    });
    expect(await failureOf(url)).toMatch(/^PostgreSQL at [^ ]+:1 cannot be reached: start it, or correct .*\.$/);
  });

  it('is told in one sentence that the host is unknown', async () => {
    expect(await failureOf('postgres://a:b@nowhere.invalid/c')).toMatch(/^The host nowhere\.invalid:5432 .*\.$/);
  });

  it('is told within seconds that the server says nothing', async () => {
    const silence = await startSilence();
    const startedAt = performance.now();
    expect(await failureOf(silence.url)).toMatch(/^PostgreSQL at 127\.0\.0\.1:\d+ cannot be reached: /);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    await silence.close();
  });

  it('is told in one sentence that the password is wrong, without the password', async () => {
    const url = changed((it) => {
      it.username = 'database_test_reader';
      it.password = 'wrong secret';
    });
    expect(await failureOf(url)).toBe(
      'PostgreSQL refuses the password of database_test_reader: correct the user or the password in DATABASE_URL.',
    );
  });

  it('is told in one sentence that the password is missing', async () => {
    const url = changed((it) => {
      it.username = 'database_test_reader';
      it.password = '';
    });
    expect(await failureOf(url)).toMatch(/asks for a password: add the one of database_test_reader to DATABASE_URL\.$/);
  });

  it('is told in one sentence that the database is missing', async () => {
    const url = changed((it) => {
      it.pathname = '/no_such_database';
    });
    expect(await failureOf(url)).toMatch(
      /^There is no database no_such_database on [^ ]+: create it, or correct .*\.$/,
    );
  });

  it('is told in one sentence that the user may not create the schema', async () => {
    const url = changed((it) => {
      it.username = 'database_test_reader';
      it.password = 'right secret';
    });
    expect(await failureOf(url)).toMatch(/^database_test_reader may not create the schema in database /);
  });

  it('is told in one sentence that the server is too old', async () => {
    const old = await startPostgresOfVersion('13.22', 130_022);
    expect(await failureOf(old.url)).toBe(
      'The database of DATABASE_URL is PostgreSQL 13.22: use PostgreSQL 14 or newer.',
    );
    await old.close();
  });
});
