import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { listenToChannel } from '@gatehouse/database';
import { connectNats, IssuerFeed } from '@gatehouse/messaging';
import type { NatsConnection } from '@gatehouse/messaging';
import type { TokenRevocation } from '@gatehouse/protocol';
import { createLogger } from '@gatehouse/runtime';
import { findFreePort, makeTemporaryFolder, startEmbeddedNats } from '@gatehouse/start';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { publishUnpublished } from '../src/revocation/outbox.ts';
import { outboxChannel, revoke } from '../src/revocation/revoke.ts';
import type { Revocation } from '../src/revocation/revoke.ts';
import { jsonOf } from '../../../test/support/authorization/http.ts';
import { decodeJwt, McpClient } from '../../../test/support/authorization/mcp-client.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
const tenant = 'default';

describe('the outbox of two authorization servers', () => {
  const folder = makeTemporaryFolder('gatehouse-outbox-');
  const dataDir = path.join(folder.path, 'nats');
  let nats: Awaited<ReturnType<typeof startEmbeddedNats>>;
  let natsPort: number;
  let connection: NatsConnection;
  let replicas: Replicas;
  let dataSource: DataSource;
  let feed: IssuerFeed;
  const heard: TokenRevocation[] = [];
  const keySets: { keys: Record<string, unknown>[] }[] = [];

  const startNats = async () => {
    nats = await startEmbeddedNats({ dataDir, port: natsPort, durable: false });
  };
  const follow = () =>
    new IssuerFeed(connection, replicas.issuer, logger, {
      onRevoked: (revocation) => heard.push(revocation),
      onKeySet: (keySet) => keySets.push(keySet as (typeof keySets)[number]),
      onCurrent: () => {},
    });

  beforeAll(async () => {
    mkdirSync(dataDir);
    natsPort = await findFreePort();
    await startNats();
    replicas = await startReplicas(2, { NATS_URL: nats.url });
    dataSource = await replicas.database.open();
    connection = await connectNats({ servers: nats.url, name: 'test', inboxPrefix: '_INBOX_test', logger });
    feed = follow();
  });
  afterAll(async () => {
    feed.close();
    await connection.close();
    await replicas.stop();
    await nats.stop();
    folder.remove();
  });

  /** Resolves when a gateway has heard, with how long that took from now on. */
  const hear = async (...ids: string[]): Promise<number> => {
    const from = performance.now();
    await expect
      .poll(() => ids.every((id) => heard.some((one) => one.id === id)), { interval: 5, timeout: 5_000 })
      .toBe(true);
    return performance.now() - from;
  };
  const unpublished = async () => {
    const rows = await dataSource.query<{ key: string }[]>('SELECT key FROM auth.outbox WHERE published_at IS NULL');
    return rows.map(({ key }) => key);
  };
  const inTransaction = (revocation: Revocation) => dataSource.transaction((manager) => revoke(manager, revocation));

  it('begins with an epoch, and with the public keys that the issuer publishes', async () => {
    await expect.poll(() => feed.state, { timeout: 5_000 }).toBe('current');
    const published = jsonOf(await replicas.send('/jwks')) as { keys: Record<string, unknown>[] };
    const told = keySets.at(-1)?.keys ?? [];
    const idsOf = (keys: Record<string, unknown>[]) => new Set(keys.map(({ kid }) => kid));
    expect(idsOf(told)).toEqual(idsOf(published.keys));
    expect(JSON.stringify(told)).not.toMatch(/"(d|p|q)":/);
  });

  it('tells gateways within a second, whoever revoked and whatever', async () => {
    const client = await McpClient.register(replicas);
    const byClient = await client.obtainTokens();
    const replayed = await client.obtainCode();
    const first = jsonOf(await client.redeem(replayed)) as { access_token: string };
    const alone = await client.obtainTokens();
    const claimsOf = (token: string) => decodeJwt(token).claims as { gid: string; jti: string; exp: number };
    const revocation = (token: string) =>
      client.postForm('/token/revocation', { token, client_id: client.oauthClientId });

    await revocation(byClient.refresh_token);
    const took = [await hear(claimsOf(byClient.access_token).gid)];
    await revocation(alone.access_token);
    took.push(await hear(claimsOf(alone.access_token).jti));
    await client.redeem(replayed);
    took.push(await hear(claimsOf(first.access_token).gid));
    expect(Math.max(...took)).toBeLessThan(1_000);
    expect(heard.find(({ id }) => id === claimsOf(alone.access_token).jti)).toEqual({
      tenant,
      kind: 'token',
      id: claimsOf(alone.access_token).jti,
      expiresAt: claimsOf(alone.access_token).exp + 60,
    });
    await expect.poll(unpublished).toEqual([]);
  });

  it.each(['account', 'client'] as const)(
    'tells of everything of an %s and of each of its grants, which end, and lets it come back at once',
    async (kind) => {
      const client = await McpClient.register(replicas);
      const tokens = [await client.obtainTokens(), await client.obtainTokens()];
      const claims = tokens.map(({ access_token: token }) => decodeJwt(token).claims as { sub: string; gid: string });
      const id = kind === 'account' ? (claims[0]?.sub ?? '') : client.oauthClientId;
      await inTransaction({ kind, id, tenant, reason: 'test' });
      await hear(id, ...claims.map(({ gid }) => gid));
      for (const { refresh_token: token } of tokens) expect((await client.refresh(token)).status).toBe(400);
      const again = await client.obtainTokens();
      const { iat, gid } = decodeJwt(again.access_token).claims as { iat: number; gid: string };
      const told = heard.find((one) => one.kind === kind && one.id === id);
      expect(told?.issuedBefore).toBeLessThanOrEqual(iat);
      expect(heard.some((one) => one.id === gid)).toBe(false);
      const audit = await dataSource.query(
        `SELECT outcome, reason, on_behalf_of AS account, oauth_client_id AS client FROM auth.audit_row WHERE type = $1`,
        [`${kind}.tokens_revoked`],
      );
      const whose = kind === 'account' ? { account: id, client: null } : { account: null, client: id };
      expect(audit).toEqual([{ outcome: 'success', reason: 'test', ...whose }]);
    },
  );

  it('wakes publishers with the commit, and not before', async () => {
    let woken = 0;
    const { url } = replicas.database;
    const options = { url, channel: outboxChannel, applicationName: 'test', onNotify: () => woken++, logger };
    const listening = listenToChannel(options);
    await expect.poll(() => woken).toBe(1);
    const id = randomUUID();
    await dataSource.transaction(async (manager) => {
      await revoke(manager, { kind: 'token', id, tenant, reason: 'test', expiresAt: Date.now() / 1_000 + 60 });
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(woken).toBe(1);
    });
    await expect.poll(() => woken).toBe(2);
    await hear(id);
    await listening.close();
  });

  it('is looked at without a notification too', async () => {
    const id = randomUUID();
    await dataSource.query(
      `INSERT INTO auth.outbox (tenant_id, kind, key, expires_at) VALUES ($1, 'token', $2, now() + interval '1 minute')`,
      [tenant, id],
    );
    expect(await hear(id)).toBeLessThan(1_000);
  });

  it('writes nothing that is rolled back, and nothing twice', async () => {
    const { access_token: token } = await (await McpClient.register(replicas)).obtainTokens();
    const { gid } = decodeJwt(token).claims as { gid: string };
    const revocation = { kind: 'grant', id: gid, tenant, reason: 'test' } as const;
    const failed = dataSource.transaction(async (manager) => {
      await revoke(manager, revocation);
      throw new Error('rolled back');
    });
    await expect(failed).rejects.toThrow('rolled back');
    expect(await inTransaction(revocation)).toBe(true);
    expect(await inTransaction(revocation)).toBe(false);
    await hear(gid);
    expect(await dataSource.query('SELECT kind FROM auth.outbox WHERE key = $1', [gid])).toHaveLength(1);
  });

  it('tells all of many at the same time, each by whichever publisher takes it', async () => {
    const ids = Array.from({ length: 300 }, () => randomUUID());
    const expiresAt = Date.now() / 1_000 + 60;
    await Promise.all(ids.map((id) => inTransaction({ kind: 'token', id, tenant, reason: 'test', expiresAt })));
    await hear(...ids);
    await expect.poll(unpublished, { timeout: 5_000 }).toEqual([]);
  });

  it('is told as a whole again when NATS comes back without its data', async () => {
    const before = [...new Set(heard.map(({ kind, id }) => `${kind} ${id}`))].toSorted();
    expect(before.length).toBeGreaterThan(5);
    feed.close();
    process.kill(nats.pid, 'SIGKILL');
    await nats.ended;
    rmSync(path.join(dataDir, 'jetstream'), { recursive: true });
    const id = randomUUID();
    await inTransaction({ kind: 'token', id, tenant, reason: 'test', expiresAt: Date.now() / 1_000 + 60 });
    heard.length = 0;
    keySets.length = 0;
    await startNats();
    feed = follow();
    await expect.poll(() => feed.state, { timeout: 10_000 }).toBe('current');
    await hear(id);
    const again = [...new Set(heard.map((one) => `${one.kind} ${one.id}`))].toSorted();
    const all: string[] = [...before, `token ${id}`];
    expect(again).toEqual(all.toSorted());
    expect(keySets.length).toBeGreaterThan(0);
  });

  it('is told as a whole again when only the stream is gone', async () => {
    feed.close();
    const before = new Set(heard.map(({ id }) => id));
    heard.length = 0;
    await connection.request('$JS.API.STREAM.DELETE.gh_issuer', '', { timeout: 2_000 });
    feed = follow();
    await expect.poll(() => feed.state, { timeout: 5_000 }).toBe('current');
    expect(new Set(heard.map(({ id }) => id))).toEqual(before);
  });

  it('tells of other keys at once', async () => {
    const known = keySets.length;
    const rotated = await dataSource.query<unknown[]>(
      `UPDATE auth.signing_key SET created_at = now() - interval '1 hour' WHERE state = 'next' RETURNING id`,
    );
    expect(rotated[0]).toHaveLength(1);
    await dataSource.query(`UPDATE auth.signing_key SET rotation_requested_at = now() WHERE state = 'active'`);
    await expect.poll(() => keySets.slice(known).some(({ keys }) => keys.length === 3), { timeout: 5_000 }).toBe(true);
  });

  it('is told when its publisher died with it, after the commit and before the telling', async () => {
    await Promise.all(replicas.servers.splice(0).map((server) => server.stop()));
    const id = randomUUID();
    await inTransaction({ kind: 'token', id, tenant, reason: 'test', expiresAt: Date.now() / 1_000 + 60 });
    const taken = Promise.withResolvers<void>();
    const dying = await replicas.database.open();
    const publishing = publishUnpublished(dying, async () => {
      taken.resolve();
      await new Promise(() => {});
    });
    publishing.catch(() => undefined);
    await taken.promise;
    await replicas.add();
    // As a whole, at its start. The row is still the other's.
    await hear(id);
    expect(await unpublished()).toEqual([id]);
    heard.length = 0;
    // Nor does it stand in the way of others.
    const next = randomUUID();
    await inTransaction({ kind: 'token', id: next, tenant, reason: 'test', expiresAt: Date.now() / 1_000 + 60 });
    expect(await hear(next)).toBeLessThan(1_000);
    await expect.poll(unpublished).toEqual([id]);
    const ended = await dataSource.query<unknown[]>(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND state = 'idle in transaction'`,
    );
    expect(ended).toHaveLength(1);
    await hear(id);
    await expect.poll(unpublished).toEqual([]);
  });
});
