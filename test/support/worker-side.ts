import { randomUUID } from 'node:crypto';
import { connectNats, serveCalls } from '@gatehouse/messaging';
import type { CallHandler, CallServer, NatsConnection } from '@gatehouse/messaging';
import type { ServerDefinitions } from '@gatehouse/protocol';
import { createLogger } from '@gatehouse/runtime';

export const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });

/** The NATS server that the test run shares: JetStream, no authentication. */
export function sharedNatsUrl(): string {
  const url = process.env.GATEHOUSE_TEST_NATS_URL;
  if (!url) throw new Error('GATEHOUSE_TEST_NATS_URL is not set: run the tests through vitest of this project');
  return url;
}

/** A tenant of the test's own, so that tests share one NATS. */
export function newTenant(): string {
  return `t-${randomUUID()}`;
}

export function connectTo(
  servers: string,
  identity: { user?: string; password?: string; inboxPrefix?: string } = {},
): Promise<NatsConnection> {
  return connectNats({ servers, name: 'test', inboxPrefix: '_INBOX_test', ...identity, logger });
}

/** A server with the tool `echo`. */
export function definitionsOf(server: string, changes: Partial<ServerDefinitions> = {}): ServerDefinitions {
  return {
    server,
    version: '1.0.0',
    completions: false,
    logging: false,
    uriPrefixes: [],
    tools: [{ name: 'echo', inputSchema: { type: 'object' } }],
    resources: [],
    resourceTemplates: [],
    prompts: [],
    ...changes,
  };
}

/** A worker that a test has started in its own process. */
export interface WorkerSide {
  server: CallServer;
  connection: NatsConnection;
  stop: () => Promise<void>;
}

/** The worker's end of the bus without the SDK: one server, on a connection of its own. */
export async function openWorkerSide(
  servers: string,
  tenant: string,
  definitions: ServerDefinitions,
  { handler, ...options }: { handler: CallHandler; concurrency: number; instance?: string },
): Promise<WorkerSide> {
  const connection = await connectTo(servers);
  const server = serveCalls({ connection, tenant, servers: [{ definitions, handler }], ...options, logger });
  await server.ready;
  const stop = async () => {
    await server.drain();
    await connection.close();
  };
  return { server, connection, stop };
}

/** Resolves when `condition` holds; rejects when it does not within `timeoutMs`. */
export async function until(condition: () => boolean, timeoutMs = 5_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not so within ${timeoutMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
