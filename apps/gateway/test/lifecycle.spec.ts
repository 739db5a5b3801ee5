import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createLogger, loadSettings, StartError } from '@gatehouse/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { gatewaySettings } from '../src/config.ts';
import { startGateway } from '../src/start-gateway.ts';
import { callMcp } from '../../../test/support/call-mcp.ts';
import { sendRaw } from './support/raw-http.ts';
import { startTestGateway, waitUntil } from './support/test-gateway.ts';

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const logger = createLogger('gateway-test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
const settingsOf = (own: Record<string, string>) =>
  loadSettings(gatewaySettings, {
    NATS_URL: process.env.GATEHOUSE_TEST_NATS_URL,
    GATEHOUSE_STATE_KEYS: Buffer.alloc(32).toString('base64'),
    GATEWAY_PORT: '0',
    GATEWAY_ADMIN_PORT: '0',
    AUTH_ISSUER: 'http://127.0.0.1:9',
    ...own,
  });

async function occupiedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => void server.close());
  return String((server.address() as AddressInfo).port);
}

describe('the gateway does not start, and says why in one sentence,', () => {
  it.each<[string, () => Promise<Record<string, string>>, RegExp]>([
    [
      'when its port is in use',
      async () => ({ GATEWAY_PORT: await occupiedPort() }),
      /^Port \d+ is in use: .* GATEWAY_PORT/,
    ],
    ['when its admin port is in use', async () => ({ GATEWAY_ADMIN_PORT: await occupiedPort() }), /GATEWAY_ADMIN_PORT/],
    [
      'when NATS is not there',
      async () => Promise.resolve({ NATS_URL: 'nats://127.0.0.1:9' }),
      /^NATS does not answer/,
    ],
  ])('%s', async (_when, settings, sentence) => {
    const start = startGateway(settingsOf(await settings()), logger);
    await expect(start).rejects.toBeInstanceOf(StartError);
    await expect(start).rejects.toThrow(sentence);
  });
});

describe('readiness', () => {
  const probe = async (port: number) => {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`);
    return { status: response.status, body: (await response.json()) as { reasons?: Record<string, string> } };
  };

  it('names the issuer while its keys were never fetched, and calls hear 503', async () => {
    const gateway = await startGateway(settingsOf({ GATEWAY_PUBLIC_URL: 'http://localhost:3000' }), logger);
    cleanups.push(() => gateway.stop());
    await waitUntil(async () => !('bus' in ((await probe(gateway.adminPort)).body.reasons ?? {})));
    expect(await probe(gateway.adminPort)).toMatchObject({
      status: 503,
      body: { reasons: { issuer: expect.stringContaining('http://127.0.0.1:9') as string } },
    });
    // A token with a readable header and a signature that nobody can check yet.
    const token = `${Buffer.from('{"alg":"ES256","typ":"at+jwt","kid":"k"}').toString('base64url')}.e30.AA`;
    const answer = await callMcp(`http://127.0.0.1:${gateway.port}/mcp`, token, 'tools/list');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('2');
  });
});

describe('a stop', () => {
  it('fails readiness, takes no new connection and finishes the calls in flight', async () => {
    const test = await startTestGateway();
    cleanups.push(() => test.stop());
    const token = await test.token();
    const params = { name: `${test.server}__wait`, arguments: { text: '1500' } };
    const before = test.worker.lastCall;
    const call = callMcp(`${test.url}/mcp`, token, 'tools/call', params);
    await waitUntil(() => test.worker.lastCall !== before);
    const stopped = test.stopGateway();
    expect((await fetch(`http://127.0.0.1:${test.gateway.adminPort}/readyz`)).status).toBe(503);
    await expect(callMcp(`${test.url}/mcp`, token, 'tools/list')).rejects.toThrow('fetch failed');
    expect(await call).toMatchObject({ status: 200, body: { result: { content: [{ text: 'waited' }] } } });
    await stopped;
  });

  it('ends calls that would outlast SHUTDOWN_TIMEOUT_MS as unknown, here and at the worker', async () => {
    const test = await startTestGateway({ settings: { SHUTDOWN_TIMEOUT_MS: '4000' } });
    cleanups.push(() => test.stop());
    const params = { name: `${test.server}__wait`, arguments: { text: '60000' } };
    const call = callMcp(`${test.url}/mcp`, await test.token(), 'tools/call', params);
    await waitUntil(() => test.worker.lastCall?.name === 'wait');
    const startedAt = performance.now();
    await test.stopGateway();
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    expect(await call).toMatchObject({ status: 200, body: { error: { code: -31002, data: { executed: 'unknown' } } } });
    await waitUntil(() => test.worker.cancelled.length === 1);
  });
});

describe('a stop while a request', () => {
  it.each([
    ['has sent half of its head', 'POST /mcp HTTP/1.1\r\nHost: localhost\r\n'],
    ['has sent half of its body', undefined],
  ])('%s ends within 10 s', async (_which, head) => {
    const test = await startTestGateway();
    cleanups.push(() => test.stop());
    const body = `POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${await test.token()}\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{`;
    const answer = sendRaw(test.gateway.port, head ?? body);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const startedAt = performance.now();
    await test.stopGateway();
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(await answer).toMatchObject({ status: 408, closed: true });
  });
});

describe('a client that is slow', () => {
  it('gets 408 and the end of its connection: 10 s for headers, 30 s for all', async () => {
    const test = await startTestGateway();
    cleanups.push(() => test.stop());
    const startedAt = Date.now();
    const body = `POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${await test.token()}\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{`;
    const [slowHead, slowBody] = await Promise.all(
      ['POST /mcp HTTP/1.1\r\nHost: localhost\r\n', body].map(async (bytes) => ({
        ...(await sendRaw(test.gateway.port, bytes)),
        seconds: (Date.now() - startedAt) / 1_000,
      })),
    );
    expect(slowHead).toMatchObject({ status: 408, closed: true });
    expect(slowHead?.seconds).toBeGreaterThan(9);
    expect(slowHead?.seconds).toBeLessThan(14);
    expect(slowBody).toMatchObject({ status: 408, closed: true });
    expect(slowBody?.seconds).toBeGreaterThan(29);
    expect(slowBody?.seconds).toBeLessThan(34);
  }, 45_000);
});
