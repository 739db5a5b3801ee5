import type { CallHandler, CallServer, NatsConnection } from '@gatehouse/messaging';
import { connectNats, inboxPrefix, serveCalls } from '@gatehouse/messaging';
import type { ServerDefinitions } from '@gatehouse/protocol';
import { createLogger, loadSettings } from '@gatehouse/runtime';
import { gatewaySettings } from '../../src/config.ts';
import { startGateway } from '../../src/start-gateway.ts';
import { FixtureWorker } from './fixture-server.ts';
import { waitUntil } from './test-gateway.ts';
import type { TestGateway } from './test-gateway.ts';

const logger = createLogger('gateway-test', { LOG_LEVEL: process.env.LOG_LEVEL ?? 'fatal', LOG_FORMAT: 'json' });

/** A second gateway beside the test's own, for the same clients, issuer and workers. */
export async function startReplica({ environment }: TestGateway): Promise<{ url: string; stop: () => Promise<void> }> {
  const gateway = await startGateway(loadSettings(gatewaySettings, environment), logger);
  await waitUntil(async () => (await fetch(`http://127.0.0.1:${gateway.adminPort}/readyz`)).ok);
  return { url: `http://127.0.0.1:${gateway.port}`, stop: () => gateway.stop() };
}

/** A worker on a connection of its own, announced and ready. */
export async function startWorker(
  { environment, tenant }: TestGateway,
  definitions: ServerDefinitions,
  handler: CallHandler = new FixtureWorker(definitions.server).handler,
): Promise<{ connection: NatsConnection; served: CallServer; stop: () => Promise<void> }> {
  const connection = await connectNats({
    servers: environment.NATS_URL ?? '',
    name: 'replica',
    inboxPrefix: inboxPrefix({ role: 'worker', tenant, servers: [definitions.server] }),
    logger,
  });
  const served = serveCalls({ connection, tenant, servers: [{ definitions, handler }], concurrency: 32, logger });
  await served.ready;
  const stop = async () => {
    await served.drain();
    await connection.close();
  };
  return { connection, served, stop };
}
