import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DataSource } from 'typeorm';
import { KeyEncryption } from '../src/keys/key-encryption.ts';
import { keyPolicy } from '../src/keys/key-life-cycle.ts';
import { requestRotation, revokeSigningKey } from '../src/keys/signing-keys.ts';
import { jsonOf, sendHttp } from '../../../test/support/authorization/http.ts';
import { decodeJwt, McpClient } from '../../../test/support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../../../test/support/authorization/mcp-client.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

vi.setConfig({ testTimeout: 60_000 });

const kek = randomBytes(32);
const encryption = new KeyEncryption([kek]);
const policy = keyPolicy({ AUTH_KEY_SET_MAX_AGE_SECONDS: 300, AUTH_SIGNING_KEY_DAYS: 30 });

interface StoredKey {
  id: string;
  state: 'next' | 'active' | 'retired';
}

describe('signing keys over two replicas', () => {
  let replicas: Replicas;
  let dataSource: DataSource;
  let client: McpClient;
  let refreshToken: string;

  beforeAll(async () => {
    replicas = await startReplicas(2, { GATEHOUSE_ENCRYPTION_KEY: kek.toString('base64') });
    dataSource = await replicas.database.open();
    client = await McpClient.register(replicas);
    ({ refresh_token: refreshToken } = await client.obtainTokens());
  });
  afterAll(() => replicas.stop());

  const stored = () => dataSource.query<StoredKey[]>('SELECT id, state FROM auth.signing_key ORDER BY created_at');
  const idOf = async (state: StoredKey['state']) => (await stored()).find((key) => key.state === state)?.id ?? '';
  /** The key ids that each replica publishes. */
  const published = () =>
    Promise.all(
      replicas.servers.map(async ({ port }) => {
        const headers = { host: new URL(replicas.issuer).host };
        const { keys } = jsonOf(await sendHttp({ port, target: '/jwks', headers })) as { keys: { kid: string }[] };
        return keys.map(({ kid }) => kid);
      }),
    );
  /** The key ids that two consecutive refreshes, one at each replica, are signed with. */
  const signing = async () => {
    const kids = [];
    for (const _ of replicas.servers) {
      const tokens = jsonOf(await client.refresh(refreshToken)) as TokenAnswer;
      refreshToken = tokens.refresh_token;
      kids.push(decodeJwt(tokens.access_token).header.kid);
    }
    return kids;
  };
  const shift = (column: string, state: StoredKey['state'], seconds: number) =>
    dataSource.query(`UPDATE auth.signing_key SET ${column} = ${column} - make_interval(secs => $2) WHERE state = $1`, [
      state,
      seconds,
    ]);

  it('are one that signs and a next one, which is published and does not sign', async () => {
    const [active, next] = [await idOf('active'), await idOf('next')];
    expect((await stored()).map(({ state }) => state).toSorted()).toEqual(['active', 'next']);
    expect(await published()).toEqual([
      [active, next],
      [active, next],
    ]);
    expect(await signing()).toEqual([active, active]);
  });

  it('are exchanged by command, but not before the next one has been published for longer than caches keep', async () => {
    const [active, next] = [await idOf('active'), await idOf('next')];
    expect(await requestRotation(dataSource)).toBeLessThan(100);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await signing()).toEqual([active, active]);
    await shift('created_at', 'next', policy.leadSeconds);
    await expect.poll(signing, { timeout: 5_000 }).toEqual([next, next]);
    const after = await idOf('next');
    expect(new Set([active, next, after]).size).toBe(3);
    await expect
      .poll(async () => (await published()).map((kids) => kids.toSorted()), { timeout: 5_000 })
      .toEqual(replicas.servers.map(() => [active, next, after].toSorted()));
  });

  it('are exchanged by schedule', async () => {
    const next = await idOf('next');
    await shift('created_at', 'next', policy.leadSeconds);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await idOf('next')).toBe(next);
    await shift('activated_at', 'active', 30 * 24 * 60 * 60);
    await expect.poll(signing, { timeout: 5_000 }).toEqual([next, next]);
  });

  it('leave the set when their last token has expired', async () => {
    const retired = (await stored()).filter(({ state }) => state === 'retired');
    expect(retired).toHaveLength(2);
    await shift('retired_at', 'retired', policy.retentionSeconds);
    await expect.poll(async () => (await published()).map((kids) => kids.length), { timeout: 5_000 }).toEqual([2, 2]);
    expect((await stored()).map(({ state }) => state).toSorted()).toEqual(['active', 'next']);
  });

  it('are revoked in an emergency: gone at both replicas at once, and the next one signs', async () => {
    const [active, next] = [await idOf('active'), await idOf('next')];
    expect(await revokeSigningKey(dataSource, encryption, active)).toBe(true);
    expect(await revokeSigningKey(dataSource, encryption, active)).toBe(false);
    const revokedAtMs = performance.now();
    await expect
      .poll(async () => (await published()).flat().includes(active), { interval: 50, timeout: 5_000 })
      .toBe(false);
    expect(performance.now() - revokedAtMs).toBeLessThan(4_000);
    expect(await signing()).toEqual([next, next]);
  });

  it('write every change to the audit log', async () => {
    const rows = await dataSource.query<{ type: string; reason: string | null; actor: string }[]>(
      `SELECT type, reason, actor FROM auth.audit_row
       WHERE type LIKE 'signing_key.%' AND type <> 'signing_key.created' ORDER BY id`,
    );
    // Called without a command, which would say which operator it was.
    expect(rows).toEqual([
      { type: 'signing_key.rotation_requested', reason: null, actor: 'system' },
      { type: 'signing_key.activated', reason: 'requested', actor: 'system' },
      { type: 'signing_key.activated', reason: 'scheduled', actor: 'system' },
      { type: 'signing_key.removed', reason: null, actor: 'system' },
      { type: 'signing_key.removed', reason: null, actor: 'system' },
      { type: 'signing_key.revoked', reason: null, actor: 'system' },
      { type: 'signing_key.activated', reason: 'no_active_key', actor: 'system' },
    ]);
  });
});
