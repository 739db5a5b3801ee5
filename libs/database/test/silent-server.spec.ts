import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { checkDatabase } from '../src/readiness.ts';
import { createOwnDatabase, open } from './own-database.ts';
import type { OwnDatabase } from './own-database.ts';
import { startPausableProxy } from './pausable-proxy.ts';
import type { PausableProxy } from './pausable-proxy.ts';

describe('a server that falls silent on a pooled connection', () => {
  let database: OwnDatabase;
  let proxy: PausableProxy;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createOwnDatabase();
    proxy = await startPausableProxy(database.url);
    dataSource = await open(proxy.url);
  });
  afterAll(async () => {
    await dataSource.destroy();
    proxy.close();
    await database.drop();
  });

  it('fails a statement and readiness within 4 s, and is used again when it answers', async () => {
    expect(await checkDatabase(dataSource)()).toBeUndefined();
    proxy.fallSilent();
    const startedAt = performance.now();
    await expect(dataSource.query('SELECT 1')).rejects.toThrow('Query read timeout');
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    proxy.speakAgain();
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await checkDatabase(dataSource)()).toBeUndefined();
  });
});
