import { Agent, get } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendHttp } from '../../../test/support/authorization/http.ts';
import { McpClient } from '../../../test/support/authorization/mcp-client.ts';
import { freePort, startReplica, startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

describe('the start', () => {
  let replicas: Replicas;

  beforeAll(async () => {
    replicas = await startReplicas();
  });
  afterAll(() => replicas.stop());

  const failureOf = async (environment: Record<string, string>) => {
    const failure = await startReplica({ ...replicas.environment, ...environment }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'StartError' });
    return (failure as Error).message;
  };

  it.each([
    [
      'an http issuer outside loopback',
      { AUTH_ISSUER: 'http://auth.example' },
      /^AUTH_ISSUER is .* must be an https URL/,
    ],
    [
      'an issuer with a query',
      { AUTH_ISSUER: 'https://auth.example/?a=b' },
      /^AUTH_ISSUER is .* no query, fragment or/,
    ],
    [
      'an issuer with a fragment',
      { AUTH_ISSUER: 'https://auth.example/#a' },
      /^AUTH_ISSUER is .* no query, fragment or/,
    ],
    ['an issuer that is no URL', { AUTH_ISSUER: 'auth.example' }, /AUTH_ISSUER: must be an http\(s\) URL/],
    ['no database', { DATABASE_URL: '' }, /DATABASE_URL is required/],
    ['a malformed database URL', { DATABASE_URL: 'mysql://a:secret@b/c' }, /^DATABASE_URL is malformed/],
    [
      'a first administrator who could not sign in',
      { GATEHOUSE_ADMIN_EMAIL: 'nonsense' },
      /^Bad settings - GATEHOUSE_ADMIN_EMAIL: must be an e-mail address [^;]*\.$/,
    ],
    [
      'a password that is too short',
      { GATEHOUSE_ADMIN_PASSWORD: 'secret' },
      /^Bad settings - GATEHOUSE_ADMIN_PASSWORD: must be one line of 8 to 1024 characters\.$/,
    ],
    ['no key-encryption key', { GATEHOUSE_ENCRYPTION_KEY: '' }, /GATEHOUSE_ENCRYPTION_KEY is required/],
  ])('fails in one sentence for %s', async (_what, environment, sentence) => {
    const message = await failureOf(environment);
    expect(message).toMatch(sentence);
    expect(message).not.toContain('secret');
  });

  it.each([
    [
      'XX001',
      'invalid page in block 0',
      /^PostgreSQL at \S+ cannot read its own files \(invalid page in block 0\): restore/,
    ],
    ['58030', 'could not read block', /^PostgreSQL at \S+ cannot read its own files \(could not read block\): restore/],
    ['53100', 'could not extend file', /^PostgreSQL at \S+ has no room left on its disk/],
    ['25006', 'cannot execute INSERT', /^PostgreSQL at \S+ is read-only: name the primary/],
    ['57014', 'canceling statement', /^PostgreSQL at \S+ takes longer than 2 s for a statement/],
  ])('fails in one sentence when a query after the connection meets %s', async (code, message, sentence) => {
    const own = await startReplicas();
    const dataSource = await own.database.open();
    await dataSource.query(
      `CREATE FUNCTION auth.fail() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${code}', MESSAGE = '${message}'; END $$`,
    );
    await dataSource.query(
      `CREATE TRIGGER fail BEFORE INSERT ON auth.protected_resource FOR EACH STATEMENT EXECUTE FUNCTION auth.fail()`,
    );
    expect(await failureOf(own.environment)).toMatch(sentence);
    await own.stop();
  });

  it('fails in one sentence when a port is in use, and leaves nothing open', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const { port } = blocker.address() as AddressInfo;
    expect(await failureOf({ AUTH_PORT: String(port) })).toMatch(/^Port \d+ is in use: .* set AUTH_PORT /);
    expect(await failureOf({ AUTH_ADMIN_PORT: String(port) })).toMatch(/^Port \d+ is in use: .* set AUTH_ADMIN_PORT /);
    blocker.close();
  });

  it('derives the issuer from the port when none is given', async () => {
    const { AUTH_ISSUER: _, ...environment } = replicas.environment;
    const server = await startReplica(environment);
    expect(server.issuer).toBe(`http://localhost:${server.port}`);
    await server.stop();
  });

  it('needs no NATS: tokens are issued for the known resources', async () => {
    const alone = await startReplicas(1, { NATS_URL: `nats://127.0.0.1:${await freePort()}` });
    const client = await McpClient.register(alone);
    expect(await client.obtainTokens()).toMatchObject({ token_type: 'Bearer' });
    await alone.stop();
  });

  it('tells on the admin port that it lives, has started and is ready, and when it drains', async () => {
    const server = await startReplica(replicas.environment);
    const probe = async (target: string) => (await sendHttp({ port: server.adminPort, target })).status;
    expect([await probe('/livez'), await probe('/startupz'), await probe('/readyz')]).toEqual([200, 200, 200]);
    const stopped = server.stop();
    await stopped;
    await expect(probe('/livez')).rejects.toThrow(/ECONNREFUSED/);
  });

  it('ends in order: a request in flight is answered, an idle connection does not hold it', async () => {
    const server = await startReplica(replicas.environment);
    const { host } = new URL(replicas.issuer);
    const agent = new Agent({ keepAlive: true });
    const ask = (path: string) =>
      new Promise<number>((resolve, reject) => {
        const request = get({ host: '127.0.0.1', port: server.port, path, agent, headers: { host } }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode ?? 0));
        });
        request.on('error', reject);
      });
    expect(await ask('/jwks')).toBe(200);
    const dataSource = await replicas.database.open();
    let inFlight: Promise<number> | undefined;
    let stopped: Promise<void> | undefined;
    await dataSource.transaction(async (manager) => {
      await manager.query('LOCK TABLE auth.oauth_client');
      inFlight = ask('/auth?client_id=somebody');
      await delay(200);
      stopped = server.stop();
      await delay(200);
    });
    const startedAt = performance.now();
    expect(await inFlight).toBe(400);
    await stopped;
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    agent.destroy();
  });

  it('is not ready without its database, and ready again with it; liveness stays', async () => {
    const own = await startReplicas();
    const { adminPort } = own.servers[0] ?? { adminPort: 0 };
    const name = new URL(own.database.url).pathname.slice(1);
    const postgres = new pg.Client({ connectionString: process.env.GATEHOUSE_TEST_DATABASE_URL });
    await postgres.connect();
    const probe = async (target: string) => (await sendHttp({ port: adminPort, target })).status;
    await postgres.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await postgres.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
    expect([await probe('/livez'), await probe('/readyz')]).toEqual([200, 503]);
    const failed = await own.send('/token', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=refresh_token&refresh_token=a&client_id=b',
    });
    expect([failed.status, JSON.parse(failed.text)]).toEqual([500, expect.objectContaining({ error: 'server_error' })]);
    await postgres.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await postgres.end();
    expect([await probe('/livez'), await probe('/readyz')]).toEqual([200, 200]);
    await own.stop();
  });
});
