import { createLogger } from '@gatehouse/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listenToChannel } from '../src/listen-to-channel.ts';
import { createOwnDatabase } from './own-database.ts';
import type { OwnDatabase } from './own-database.ts';

describe('a channel', () => {
  let database: OwnDatabase;

  beforeAll(async () => {
    database = await createOwnDatabase();
  });
  afterAll(() => database.drop());

  it('is heard at once, and again after the connection was lost', async () => {
    let heard = 0;
    const logger = createLogger('test', { LOG_LEVEL: 'silent', LOG_FORMAT: 'json' });
    const listening = listenToChannel({
      url: database.url,
      channel: 'News "of today"',
      applicationName: 'listening-test',
      onNotify: () => heard++,
      logger,
    });
    await expect.poll(() => heard).toBe(1);
    await database.query(`NOTIFY "News ""of today"""`);
    await expect.poll(() => heard, { timeout: 200, interval: 10 }).toBe(2);
    const terminated = await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'listening-test'`,
    );
    expect(terminated).toHaveLength(1);
    await expect.poll(() => heard, { timeout: 3_000 }).toBe(3);
    await database.query(`NOTIFY "News ""of today"""`);
    await expect.poll(() => heard, { timeout: 200, interval: 10 }).toBe(4);
    await listening.close();
    const left = await database.query(`SELECT 1 FROM pg_stat_activity WHERE application_name = 'listening-test'`);
    expect(left).toEqual([]);
  });
});
