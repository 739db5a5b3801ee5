import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { runKeysCommand } from '../src/commands/keys.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

describe('the commands for signing keys', () => {
  let replicas: Replicas;
  let dataSource: DataSource;
  const encryptionKey = randomBytes(32).toString('base64');

  beforeAll(async () => {
    replicas = await startReplicas(1, { GATEHOUSE_ENCRYPTION_KEY: encryptionKey });
    dataSource = await replicas.database.open();
  });
  afterAll(() => replicas.stop());

  const run = (words: string[], key = encryptionKey) =>
    runKeysCommand(
      dataSource,
      {
        DATABASE_URL: replicas.database.url,
        GATEHOUSE_ENCRYPTION_KEY: key,
        GATEHOUSE_ENCRYPTION_KEY_PREVIOUS: '',
        AUTH_KEY_SET_MAX_AGE_SECONDS: 300,
        AUTH_SIGNING_KEY_DAYS: 30,
      },
      words,
    );
  const idOf = async (state: string) =>
    (await dataSource.query<{ id: string }[]>('SELECT id FROM auth.signing_key WHERE state = $1', [state]))[0]?.id ??
    '';

  it('list every key with its state', async () => {
    expect(await run(['list'])).toEqual([
      expect.stringMatching(new RegExp(`^${await idOf('active')}  active  published for \\d+ s$`)),
      expect.stringMatching(new RegExp(`^${await idOf('next')}  next  published for \\d+ s$`)),
    ]);
  });

  it('ask for an exchange and say when it comes', async () => {
    const [line] = (await run(['rotate'])) ?? [];
    expect(line).toMatch(/^The next key takes over in (29|30|31)\d s, when every resource server has seen it\.$/);
    expect((await run(['list']))?.join('\n')).toContain('to be exchanged');
  });

  it('revoke a key, and say who signs and how long its tokens may still be taken', async () => {
    const [active, next] = [await idOf('active'), await idOf('next')];
    expect(await run(['revoke', active])).toEqual([
      `The key ${active} is revoked, ${next} signs.`,
      'Resource servers refuse its tokens when they fetch the key set again, in 300 s at most.',
    ]);
    expect(await idOf('active')).toBe(next);
  });

  it('revoke nothing that does not exist, and make no key beside keys that do not open', async () => {
    await expect(run(['revoke', 'unknown'])).rejects.toThrow(
      /^There is no signing key unknown: `keys list` shows them\.$/,
    );
    const active = await idOf('active');
    const other = randomBytes(32).toString('base64');
    await expect(run(['revoke', active], other)).rejects.toThrow(/does not open the keys stored in this database/);
    expect(await idOf('active')).toBe(active);
  });

  it.each([[[]], [['revoke']], [['list', 'all']], [['rotate', 'a']], [['revoke', 'a', 'b']], [['make']]])(
    'know no other words: %j',
    async (words) => {
      expect(await run(words)).toBeUndefined();
    },
  );
});
