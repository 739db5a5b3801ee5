import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AccessTokenVerifier, IssuerKeySet } from '@gatehouse/auth';
import { startBalancer } from '../../../test/support/balancer.ts';
import type { Balancer } from '../../../test/support/balancer.ts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DataSource } from 'typeorm';
import { keyPolicy } from '../src/keys/key-life-cycle.ts';
import { requestRotation } from '../src/keys/signing-keys.ts';
import { jsonOf } from '../../../test/support/authorization/http.ts';
import { decodeJwt, McpClient, resource } from '../../../test/support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../../../test/support/authorization/mcp-client.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

vi.setConfig({ testTimeout: 180_000 });

const rotations = 20;
const clients = 4;
/** Enough load to meet every moment of a rotation, and no more: other tests run beside this one. */
const pauseMs = 20;
const maxAgeSeconds = 1;
const policy = keyPolicy({ AUTH_KEY_SET_MAX_AGE_SECONDS: maxAgeSeconds, AUTH_SIGNING_KEY_DAYS: 0 });

describe('twenty rotations of the signing key while two replicas issue tokens', () => {
  let replicas: Replicas;
  let dataSource: DataSource;
  let balancer: Balancer;

  beforeAll(async () => {
    replicas = await startReplicas(2, {
      GATEHOUSE_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      AUTH_KEY_SET_MAX_AGE_SECONDS: String(maxAgeSeconds),
      AUTH_SIGNING_KEY_DAYS: '0',
    });
    dataSource = await replicas.database.open();
    const { port } = new URL(replicas.issuer);
    balancer = await startBalancer(() => replicas.servers.map((server) => server.port), Number(port));
  });
  afterAll(async () => {
    balancer.stop();
    await replicas.stop();
  });

  it('refuses no token at a resource server, neither a new one nor one of the keys before', async () => {
    expect((await replicas.send('/jwks')).headers['cache-control']).toBe(`public, max-age=${maxAgeSeconds}`);
    const known = new Set<string>();
    const keySet = new IssuerKeySet(replicas.issuer, {
      onLoaded: ({ keyIds }) => keyIds.forEach((id) => known.add(id)),
      onFailed: () => undefined,
    });
    await keySet.start();
    const verifier = new AccessTokenVerifier(replicas.issuer, keySet);
    const work = { isOver: false, verified: 0, refusals: [] as unknown[], keyIds: new Set<unknown>() };
    const verify = async (token: string) => {
      work.keyIds.add(decodeJwt(token).header.kid);
      work.verified += 1;
      await verifier.verify(token, resource).catch((error: unknown) => work.refusals.push(error));
    };
    const use = async () => {
      const client = await McpClient.register(replicas);
      let tokens = await client.obtainTokens();
      const kept = [tokens.access_token];
      while (!work.isOver) {
        tokens = jsonOf(await client.refresh(tokens.refresh_token)) as TokenAnswer;
        await verify(tokens.access_token);
        await delay(pauseMs);
        // A minute of tokens: what was issued several keys ago still has its five minutes.
        kept.push(tokens.access_token);
        if (kept.length % 10 === 0)
          for (const token of kept.slice(-200).filter((_, at) => at % 20 === 0)) await verify(token);
      }
    };
    const users = Array.from({ length: clients }, () => use());
    try {
      await expect.poll(() => work.keyIds.size, { timeout: 30_000 }).toBe(1);
      for (let rotation = 1; rotation <= rotations; rotation++) {
        await rotate(known);
        await expect.poll(() => work.keyIds.size, { timeout: 10_000 }).toBe(rotation + 1);
      }
    } finally {
      work.isOver = true;
      await Promise.all(users);
      keySet.close();
    }
    expect(work.refusals).toEqual([]);
    expect(work.verified).toBeGreaterThan(rotations * clients);
  });

  /**
   * A key has been published for its lead when everybody knows it; here that is one resource server, and it must be so
   * before the lead is over. The clock is put forward by the rest.
   */
  async function rotate(known: Set<string>): Promise<void> {
    const idOf = async (state: string) =>
      (await dataSource.query<{ id: string }[]>('SELECT id FROM auth.signing_key WHERE state = $1', [state]))[0]?.id;
    const next = (await idOf('next')) ?? '';
    await expect.poll(() => known.has(next), { timeout: policy.leadSeconds * 1_000, interval: 20 }).toBe(true);
    await requestRotation(dataSource);
    await dataSource.query(
      `UPDATE auth.signing_key SET created_at = created_at - make_interval(secs => $1) WHERE state = 'next'`,
      [policy.leadSeconds],
    );
    await expect.poll(() => idOf('active'), { timeout: 5_000, interval: 20 }).toBe(next);
  }
});
