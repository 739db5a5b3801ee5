import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NatsConnection, StepUpRequest } from '../src/index.ts';
import { receiveStepUpRequests, requestStepUp } from '../src/index.ts';
import { connectTo, logger } from './bus.ts';
import { startNats } from './nats.ts';

// Of its own: any authorization server of the run would take what is reported on the shared one.
let nats: Awaited<ReturnType<typeof startNats>>;
let gateway: NatsConnection;
let servers: [NatsConnection, NatsConnection];
beforeAll(async () => {
  nats = await startNats();
  gateway = await connectTo(nats.url);
  servers = [await connectTo(nats.url), await connectTo(nats.url)];
});
afterAll(async () => {
  await Promise.all([gateway, ...servers].map((connection) => connection.close()));
  await nats.stop();
});

describe('reports of challenges', () => {
  const requestOf = (tenant: string): StepUpRequest => ({
    tenant,
    grantId: 'g',
    oauthClientId: 'https://client.example/metadata',
    scopes: ['mcp', 'files:write'],
  });

  it('are taken by one authorization server of several; what is malformed by none', async () => {
    const tenant = 'Büro';
    const taken: StepUpRequest[] = [];
    const subscriptions = servers.map((connection) =>
      receiveStepUpRequests(connection, logger, async (request) => {
        taken.push(request);
      }),
    );
    await Promise.all(servers.map((connection) => connection.flush()));
    await requestStepUp(gateway, requestOf(tenant), 2_000);
    expect(taken).toEqual([requestOf(tenant)]);
    const natsSubject = 'gh.step-up.default';
    for (const content of [
      undefined,
      null,
      requestOf(`other-${tenant}`),
      { ...requestOf('default'), grantId: 1 },
      { ...requestOf('default'), scopes: 'mcp' },
      { ...requestOf('default'), scopes: [1] },
      { ...requestOf('default'), scopes: ['x'.repeat(70_000)] },
    ]) {
      const body = content === undefined ? '{' : JSON.stringify(content);
      await expect(gateway.request(natsSubject, body, { timeout: 50 })).rejects.toThrow('timeout');
    }
    expect(taken).toHaveLength(1);
    for (const subscription of subscriptions) subscription.unsubscribe();
    await Promise.all(servers.map((connection) => connection.flush()));
  });

  it('fail at once while nobody listens, and after the time when nobody answers', async () => {
    const askedAt = performance.now();
    await expect(requestStepUp(gateway, requestOf('acme'), 5_000)).rejects.toThrow('no responders');
    expect(performance.now() - askedAt).toBeLessThan(2_000);
    const hanging = receiveStepUpRequests(servers[0], logger, () => new Promise(() => {}));
    await servers[0].flush();
    await expect(requestStepUp(gateway, requestOf('acme'), 100)).rejects.toThrow('timeout');
    hanging.unsubscribe();
  });
});
