import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeyEncryption } from '../src/keys/key-encryption.ts';
import { keyPolicy } from '../src/keys/key-life-cycle.ts';
import { loadServerSecrets } from '../src/keys/load-server-secrets.ts';
import { createFreshDatabase } from './fresh-database.ts';
import { jsonOf, sendHttp } from '../../../test/support/authorization/http.ts';
import { startReplica, startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

describe('secrets that do not exist yet', () => {
  it('are made once by ten replicas that ask at the same time', async () => {
    const database = await createFreshDatabase();
    const encryption = new KeyEncryption([randomBytes(32)]);
    const policy = keyPolicy({ AUTH_KEY_SET_MAX_AGE_SECONDS: 300, AUTH_SIGNING_KEY_DAYS: 30 });
    await database.open();
    const dataSources = await Promise.all(Array.from({ length: 10 }, () => database.open()));
    const loaded = await Promise.all(
      dataSources.map((dataSource) => loadServerSecrets(dataSource, encryption, policy)),
    );
    expect(loaded).toEqual(loaded.map(() => loaded[0]));
    expect(loaded[0]?.signingKeys).toHaveLength(2);
    expect(loaded[0]?.cookieKeys).toHaveLength(1);
    await database.drop();
  });
});

describe('the stored secrets', () => {
  let replicas: Replicas;

  beforeAll(async () => {
    replicas = await startReplicas(3);
  });
  afterAll(() => replicas.stop());

  const countRows = async () => {
    const dataSource = await replicas.database.open();
    return dataSource.query<{ purpose: string; count: number }[]>(
      `SELECT state AS purpose, count(*)::int AS count FROM auth.signing_key GROUP BY state
       UNION ALL SELECT purpose, count(*)::int FROM auth.server_secret GROUP BY purpose ORDER BY purpose`,
    );
  };
  const onceEach = ['active', 'client_secret', 'cookie', 'form', 'next', 'nonce'].map((purpose) => ({
    purpose,
    count: 1,
  }));
  const keySetOf = async () => jsonOf(await replicas.send('/jwks'));

  it('are made once by replicas that start together, which all use them', async () => {
    expect(await countRows()).toEqual(onceEach);
    const keySets = [await keySetOf(), await keySetOf(), await keySetOf()];
    expect(keySets[1]).toEqual(keySets[0]);
    expect(keySets[2]).toEqual(keySets[0]);
  });

  it('are kept over a restart', async () => {
    const before = await keySetOf();
    const restarted = await replicas.add();
    const all = await Promise.all(replicas.servers.map(() => keySetOf()));
    expect(all).toEqual(all.map(() => before));
    replicas.servers.pop();
    await restarted.stop();
    expect(await countRows()).toEqual(onceEach);
  });

  it('stop the start in one sentence when the key-encryption key is another, and stay as they are', async () => {
    const environment = { ...replicas.environment, GATEHOUSE_ENCRYPTION_KEY: randomBytes(32).toString('base64') };
    await expect(startReplica(environment)).rejects.toThrow(
      /^GATEHOUSE_ENCRYPTION_KEY does not open the keys stored in this database: give the key .*_PREVIOUS\.$/,
    );
    expect(await countRows()).toEqual(onceEach);
  });

  it('open with a key that is listed as previous', async () => {
    const replica = await startReplica({
      ...replicas.environment,
      GATEHOUSE_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      GATEHOUSE_ENCRYPTION_KEY_PREVIOUS: `${randomBytes(32).toString('base64')},${replicas.environment.GATEHOUSE_ENCRYPTION_KEY}`,
    });
    const own = { port: replica.port, target: '/jwks', headers: { host: new URL(replicas.issuer).host } };
    expect(jsonOf(await sendHttp(own))).toEqual(await keySetOf());
    await replica.stop();
  });

  it.each([
    ['is no base64', 'not a key at all, but long enough 1234567890'],
    ['has 16 bytes', randomBytes(16).toString('base64')],
    ['has 33 bytes', randomBytes(33).toString('base64')],
    ['is hexadecimal', randomBytes(32).toString('hex')],
  ])('stop the start with the format when the key %s, and do not repeat it', async (_what, key) => {
    const failure = await startReplica({ ...replicas.environment, GATEHOUSE_ENCRYPTION_KEY: key }).catch(
      (error: unknown) => error as Error,
    );
    expect((failure as Error).message).toBe(
      'GATEHOUSE_ENCRYPTION_KEY is not a key: give 32 random bytes in base64 (44 characters), made with `openssl rand -base64 32`.',
    );
  });

  it('do not open in another row (AES-256-GCM associated data)', async () => {
    const dataSource = await replicas.database.open();
    const swap = `UPDATE auth.server_secret AS a SET sealed = b.sealed FROM auth.server_secret AS b
                  WHERE a.purpose IN ('form', 'nonce') AND b.purpose IN ('form', 'nonce') AND a.id <> b.id`;
    await dataSource.query(swap);
    try {
      await expect(startReplica(replicas.environment)).rejects.toThrow(/does not open the keys/);
    } finally {
      await dataSource.query(swap);
    }
    await (await startReplica(replicas.environment)).stop();
  });

  it('are not readable in the database', async () => {
    const dataSource = await replicas.database.open();
    const rows = await dataSource.query<{ sealed: Buffer }[]>(
      'SELECT sealed_private_jwk AS sealed FROM auth.signing_key',
    );
    expect(rows[0]?.sealed.toString('latin1')).not.toMatch(/"(d|kty)"/);
  });
});
