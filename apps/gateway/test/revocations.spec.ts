import { IssuerPublisher } from '@gatehouse/messaging';
import { createLogger, loadSettings } from '@gatehouse/runtime';
import type { TokenRevocation } from '@gatehouse/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { callMcp } from '../../../test/support/call-mcp.ts';
import { startCuttableProxy } from '../../../test/support/cuttable-proxy.ts';
import { tellGateways } from '../../../test/support/tell-gateways.ts';
import { gatewaySettings } from '../src/config.ts';
import { startGateway } from '../src/start-gateway.ts';
import { startFakeIssuer } from './support/fake-issuer.ts';
import { listenTo } from './support/listen-stream.ts';
import { startReplica } from './support/replica.ts';
import { publicUrl, startTestGateway, waitUntil } from './support/test-gateway.ts';
import type { TestGateway } from './support/test-gateway.ts';

const cleanUps: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

const logger = createLogger('gateway-test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
const natsUrl = () => process.env.GATEHOUSE_TEST_NATS_URL ?? '';
const secondsAgo = (seconds: number) => Math.floor(Date.now() / 1_000) - seconds;

describe('a revoked token', () => {
  let test: TestGateway;
  let urls: string[];
  let stopReplica: () => Promise<void>;

  beforeAll(async () => {
    test = await startTestGateway();
    const replica = await startReplica(test);
    stopReplica = replica.stop;
    urls = [test.url, replica.url].map((url) => `${url}/mcp`);
  });
  afterAll(async () => {
    await stopReplica();
    await test.stop();
  });

  const statusesOf = async (token: string) =>
    Promise.all(urls.map(async (url) => (await callMcp(url, token, 'tools/list')).status));
  const echo = (url: string, token: string, tool = 'echo', text = '') =>
    callMcp(url, token, 'tools/call', { name: `${test.server}__${tool}`, arguments: { text } });

  it.each<[string, Record<string, unknown>, Pick<TokenRevocation, 'kind' | 'id'> & Partial<TokenRevocation>]>([
    ['itself', { jti: 'revoked-token' }, { kind: 'token', id: 'revoked-token' }],
    ['its grant', { gid: 'revoked-grant' }, { kind: 'grant', id: 'revoked-grant' }],
    [
      'its account, for what was issued before',
      { sub: 'revoked-account', iat: secondsAgo(2) },
      { kind: 'account', id: 'revoked-account', issuedBefore: secondsAgo(1) },
    ],
    ['its client', { client_id: 'revoked-client' }, { kind: 'client', id: 'revoked-client' }],
  ])('is 401 invalid_token on every gateway within a second: revoked with %s', async (_what, claims, revocation) => {
    const token = await test.token(claims);
    const other = await test.token({ sub: 'somebody-else', jti: 'another' });
    // Verified by both before: the cached path has to look too.
    expect(await statusesOf(token)).toEqual([200, 200]);
    const revokedAt = performance.now();
    await test.revoke(revocation);
    await waitUntil(async () => (await statusesOf(token)).every((status) => status === 401));
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
    const { headers } = await callMcp(urls[1] ?? '', token, 'tools/list');
    expect(headers.get('www-authenticate')).toMatch(/error="invalid_token".*resource_metadata="/);
    expect(await statusesOf(other)).toEqual([200, 200]);
  });

  it('does not take with it what the account was given since', async () => {
    const sub = 'returned-account';
    await test.revoke({ kind: 'account', id: sub, issuedBefore: secondsAgo(0) });
    await waitUntil(async () => (await statusesOf(await test.token({ sub, iat: secondsAgo(5) }))).includes(401));
    expect(await statusesOf(await test.token({ sub, iat: secondsAgo(0) }))).toEqual([200, 200]);
  });

  it('ends the streams and calls that it began, and nobody else’s', async () => {
    const [url = ''] = urls;
    const token = await test.token({ gid: 'busy-grant', sub: 'busy' });
    const other = await test.token({ gid: 'idle-grant', sub: 'idle' });
    const stream = await listenTo(url, token, { toolsListChanged: true }, 'ending');
    const untouched = await listenTo(url, other, { toolsListChanged: true }, 'going-on');
    const cancelled = test.worker.cancelled.length;
    const call = echo(url, token, 'wait', '60000');
    const otherCall = echo(url, other, 'wait', '800');
    await waitUntil(() => ['busy', 'idle'].every((account) => test.worker.running.get(account)?.now === 1));
    const revokedAt = performance.now();
    await test.revoke({ kind: 'grant', id: 'busy-grant' });
    await stream.ended;
    expect(stream.messages.at(-1)).toMatchObject({ id: 'ending', result: { resultType: 'complete' } });
    expect((await call).body.error).toMatchObject({ code: -31_002, data: { executed: 'unknown', retryable: false } });
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
    await waitUntil(() => test.worker.cancelled.length === cancelled + 1);
    expect((await otherCall).body.result).toBeDefined();
    expect(untouched.messages).toHaveLength(1);
    untouched.close();
  });
});

/** A gateway that starts with an issuer of which nothing may be known. */
async function startLonely(settings: Record<string, string>) {
  const environment = {
    NATS_URL: natsUrl(),
    GATEHOUSE_STATE_KEYS: Buffer.alloc(32).toString('base64'),
    GATEWAY_PORT: '0',
    GATEWAY_ADMIN_PORT: '0',
    GATEWAY_PUBLIC_URL: publicUrl,
    ...settings,
  };
  const gateway = await startGateway(loadSettings(gatewaySettings, environment), logger);
  cleanUps.push(() => gateway.stop());
  return {
    url: `http://127.0.0.1:${gateway.port}/mcp`,
    reasons: async () => {
      const response = await fetch(`http://127.0.0.1:${gateway.adminPort}/readyz`);
      return ((await response.json()) as { reasons?: Record<string, string> }).reasons ?? {};
    },
  };
}

const dependencyUnavailable = { error: { code: -31_009, data: { executed: 'no', retryable: true } } };

describe('a gateway that starts', () => {
  it('is not ready without a complete epoch, and refuses tokens until then', async () => {
    const issuer = await startFakeIssuer();
    cleanUps.push(() => issuer.close());
    const gateway = await startLonely({ AUTH_ISSUER: issuer.issuer });
    await waitUntil(async () => Object.keys(await gateway.reasons()).join() === 'revocations');
    const token = await issuer.sign({ aud: `${publicUrl}/mcp`, scope: 'mcp' });
    expect(await callMcp(gateway.url, token, 'tools/list')).toMatchObject({ status: 200, body: dependencyUnavailable });
    const told = await tellGateways(natsUrl(), issuer.issuer);
    cleanUps.push(() => told.close());
    await waitUntil(async () => Object.keys(await gateway.reasons()).length === 0);
    expect((await callMcp(gateway.url, token, 'tools/list')).body.result).toBeDefined();
  });

  it('while its issuer is down has keys and revocations from NATS', async () => {
    const issuer = await startFakeIssuer();
    const told = await tellGateways(natsUrl(), issuer.issuer);
    cleanUps.push(() => told.close());
    const keySet = (await (await fetch(`${issuer.issuer}/jwks`)).json()) as { keys: object[] };
    const revocation = { tenant: 'default', kind: 'grant', id: 'ended', expiresAt: secondsAgo(-60) } as const;
    await new IssuerPublisher(told.connection, issuer.issuer).publishAll({ keySet, revocations: [revocation] });
    const [good, bad] = await Promise.all(
      ['living', 'ended'].map((gid) => issuer.sign({ aud: `${publicUrl}/mcp`, scope: 'mcp', gid })),
    );
    await issuer.close();
    const gateway = await startLonely({ AUTH_ISSUER: issuer.issuer });
    await waitUntil(async () => Object.keys(await gateway.reasons()).length === 0);
    expect((await callMcp(gateway.url, good, 'tools/list')).body.result).toBeDefined();
    expect((await callMcp(gateway.url, bad, 'tools/list')).status).toBe(401);
  });

  it('with an issuer that tells nothing waits for nothing', async () => {
    const issuer = await startFakeIssuer();
    cleanUps.push(() => issuer.close());
    const gateway = await startLonely({ AUTH_ISSUER: issuer.issuer, GATEWAY_REVOCATIONS: 'off' });
    await waitUntil(async () => Object.keys(await gateway.reasons()).length === 0);
    const token = await issuer.sign({ aud: `${publicUrl}/mcp`, scope: 'mcp' });
    expect((await callMcp(gateway.url, token, 'tools/list')).body.result).toBeDefined();
  });
});

describe('a gateway that has not heard of revocations for two seconds', () => {
  it('refuses tokens and says so, unless it is told to be lenient, and goes on when it hears again', async () => {
    const test = await startTestGateway();
    cleanUps.push(() => test.stop());
    const proxy = await startCuttableProxy(Number(new URL(natsUrl()).port));
    cleanUps.push(() => proxy.close());
    const cutOff = { AUTH_ISSUER: test.issuer.issuer, NATS_URL: `nats://127.0.0.1:${proxy.port}` };
    const strict = await startLonely(cutOff);
    const lenient = await startLonely({ ...cutOff, GATEWAY_REVOCATIONS: 'lenient' });
    const revoked = await test.token({ gid: 'ended-in-between' });
    const token = await test.token();
    const list = (gateway: { url: string }, by = token) => callMcp(gateway.url, by, 'tools/list');
    for (const gateway of [strict, lenient]) {
      await waitUntil(async () => (await list(gateway)).body.result !== undefined);
      await waitUntil(async () => !('revocations' in (await gateway.reasons())));
    }

    const ofExpired = await test.token({ exp: secondsAgo(1) });
    const [stream, streamOfExpired] = await Promise.all(
      [token, ofExpired].map((by) => listenTo(strict.url, by, { toolsListChanged: true })),
    );

    const cutAt = performance.now();
    proxy.cut();
    expect((await list(strict)).body.result).toBeDefined();
    await waitUntil(async () => 'revocations' in (await strict.reasons()));
    expect(performance.now() - cutAt).toBeGreaterThan(1_500);
    expect(performance.now() - cutAt).toBeLessThan(3_000);
    expect(await list(strict)).toMatchObject({ status: 200, body: dependencyUnavailable });
    expect((await list(lenient)).body.result).toBeDefined();
    expect(await lenient.reasons()).not.toHaveProperty('revocations');

    await test.revoke({ kind: 'grant', id: 'ended-in-between' });
    proxy.restore();
    const backAt = performance.now();
    // For longer than a revocation is told: that of a token that has expired may have come and gone.
    const clock = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => clock() + 5 * 60_000);
    await streamOfExpired?.ended;
    vi.restoreAllMocks();
    await waitUntil(async () => (await list(strict)).body.result !== undefined);
    expect(performance.now() - backAt).toBeLessThan(2_000);
    for (const gateway of [strict, lenient]) await waitUntil(async () => (await list(gateway, revoked)).status === 401);
    expect(stream?.messages).toHaveLength(1);
    stream?.close();
  }, 15_000);
});
