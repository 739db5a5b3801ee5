import { randomBytes } from 'node:crypto';
import { connectNats, inboxPrefix, serveCalls } from '@gatehouse/messaging';
import type { TokenRevocation } from '@gatehouse/protocol';
import { createLogger, loadSettings } from '@gatehouse/runtime';
import { gatewaySettings } from '../../src/config.ts';
import { startGateway } from '../../src/start-gateway.ts';
import type { RunningGateway } from '../../src/start-gateway.ts';
import { startFakeIssuer } from './fake-issuer.ts';
import type { FakeIssuer } from './fake-issuer.ts';
import { fixtureDefinitions, FixtureWorker } from './fixture-server.ts';
import { callMcp } from '../../../../test/support/call-mcp.ts';
import { tellGateways } from '../../../../test/support/tell-gateways.ts';

/** The name under which clients know the gateway; its port is another one, for it is picked by the system. */
export const publicUrl = 'http://localhost:3000';

/** A gateway with an issuer it trusts and one worker, on the run's NATS, with names of its own. */
export interface TestGateway {
  gateway: RunningGateway;
  /** `http://127.0.0.1:<port>`, without path. */
  url: string;
  issuer: FakeIssuer;
  /** Tells gateways that tokens of the issuer are revoked, as an authorization server does. */
  revoke(revocation: Pick<TokenRevocation, 'kind' | 'id'> & Partial<TokenRevocation>): Promise<void>;
  tenant: string;
  /** Name of the fixture's server, unique in the run. */
  server: string;
  worker: FixtureWorker;
  /** What the gateway was started with, for a second one like it. */
  environment: Record<string, string>;
  /** A token for the aggregated endpoint, with every scope unless told otherwise. */
  token(claims?: Record<string, unknown>): Promise<string>;
  /** Stops the gateway alone, once. */
  stopGateway(): Promise<void>;
  /** Stops everything. */
  stop(): Promise<void>;
}

export async function startTestGateway(
  options: { settings?: Record<string, string>; tenant?: string; natsUrl?: string } = {},
): Promise<TestGateway> {
  const suffix = randomBytes(4).toString('hex');
  const tenant = options.tenant ?? `t${suffix}`;
  const server = `fix-${suffix}`;
  const natsUrl = options.natsUrl ?? process.env.GATEHOUSE_TEST_NATS_URL ?? '';
  const logger = createLogger('gateway-test', { LOG_LEVEL: process.env.LOG_LEVEL ?? 'fatal', LOG_FORMAT: 'json' });
  const issuer = await startFakeIssuer();
  const worker = new FixtureWorker(server);
  const connection = await connectNats({
    servers: natsUrl,
    name: 'fixture',
    inboxPrefix: inboxPrefix({ role: 'worker', tenant, servers: [server] }),
    logger,
  });
  const served = serveCalls({
    connection,
    tenant,
    servers: [{ definitions: fixtureDefinitions(server), handler: worker.handler }],
    concurrency: 32,
    logger,
  });
  const environment = {
    NATS_URL: natsUrl,
    AUTH_ISSUER: issuer.issuer,
    GATEHOUSE_STATE_KEYS: randomBytes(32).toString('base64'),
    GATEWAY_PORT: '0',
    GATEWAY_ADMIN_PORT: '0',
    GATEWAY_PUBLIC_URL: publicUrl,
    ...options.settings,
  };
  const told = await tellGateways(natsUrl, issuer.issuer);
  const gateway = await startGateway(loadSettings(gatewaySettings, environment), logger);
  // The worker waits for the catalog, which the gateway makes.
  await served.ready;
  await waitUntil(async () => (await fetch(`http://127.0.0.1:${gateway.adminPort}/readyz`)).ok);
  const url = `http://127.0.0.1:${gateway.port}`;
  const scope = ['mcp', `${server}:read`, `${server}:write`, `${server}:purge`].join(' ');
  const token = (claims: Record<string, unknown> = {}) =>
    issuer.sign({ aud: `${publicUrl}/mcp`, tenant, scope, ...claims });
  await waitUntil(async () => {
    const { body } = await callMcp(`${url}/mcp`, await token(), 'tools/call', { name: `${server}__echo` });
    return body.result !== undefined;
  });
  let stopping: Promise<void> | undefined;
  const stopGateway = () => (stopping ??= gateway.stop());
  return {
    gateway,
    url,
    issuer,
    revoke: (revocation) => told.revoke({ tenant, expiresAt: Date.now() / 1_000 + 360, ...revocation }),
    tenant,
    server,
    worker,
    environment,
    token,
    stopGateway,
    stop: async () => {
      await stopGateway();
      await served.drain();
      await connection.close();
      await told.close();
      await issuer.close();
    },
  };
}

/** Waits for a condition that another process brings about; the test's own timeout ends the wait. */
export async function waitUntil(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
