import { randomBytes } from 'node:crypto';
import { createServer, request as httpRequest } from 'node:http';
import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { AccessTokenVerifier, IssuerKeySet } from '@gatehouse/auth';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DataSource } from 'typeorm';
import { keyPolicy } from '../src/keys/key-life-cycle.ts';
import { requestRotation } from '../src/keys/signing-keys.ts';
import { jsonOf } from './http.ts';
import { decodeJwt, McpClient, resource } from './mcp-client.ts';
import type { TokenAnswer } from './mcp-client.ts';
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
  let balancer: Server;

  beforeAll(async () => {
    replicas = await startReplicas(2, {
      GATEHOUSE_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      AUTH_KEY_SET_MAX_AGE_SECONDS: String(maxAgeSeconds),
      AUTH_SIGNING_KEY_DAYS: '0',
    });
    dataSource = await replicas.database.open();
    balancer = await balance(replicas);
  });
  afterAll(async () => {
    balancer.close();
    await replicas.stop();
  });

  it('refuses no token at a resource server, neither a new one nor one of the keys before', async () => {
    expect((await replicas.send('/jwks')).headers['cache-control']).toBe(`public, max-age=${maxAgeSeconds}`);
    const keySet = new IssuerKeySet(replicas.issuer, { onLoaded: () => undefined, onFailed: () => undefined });
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
        await rotate();
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

  /** The lead of a key is waited for as what it promises: both replicas publish it for longer than caches keep a set. */
  async function rotate(): Promise<void> {
    const idOf = async (state: string) =>
      (await dataSource.query<{ id: string }[]>('SELECT id FROM auth.signing_key WHERE state = $1', [state]))[0]?.id;
    const next = await idOf('next');
    const isPublished = async () => {
      const sets = [await replicas.send('/jwks'), await replicas.send('/jwks')];
      return sets.every(({ text }) => text.includes(`"${next}"`));
    };
    await expect.poll(isPublished, { timeout: 5_000 }).toBe(true);
    await delay(maxAgeSeconds * 1_000 + 500);
    await requestRotation(dataSource, policy);
    await dataSource.query(
      `UPDATE auth.signing_key SET created_at = created_at - make_interval(secs => $1) WHERE state = 'next'`,
      [policy.leadSeconds],
    );
    await expect.poll(() => idOf('active'), { timeout: 5_000 }).toBe(next);
  }
});

/** Listens at the issuer's own port and sends consecutive requests to different replicas. */
async function balance(replicas: Replicas): Promise<Server> {
  let turn = 0;
  const server = createServer((request, response) => {
    const { port } = replicas.servers.at(turn++ % replicas.servers.length)!;
    const { method, url: path, headers } = request;
    const onward = httpRequest({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end());
    request.pipe(onward);
  });
  const { port } = new URL(replicas.issuer);
  await new Promise<void>((resolve) => server.listen(Number(port), resolve));
  return server;
}
