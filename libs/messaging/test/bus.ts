import { randomUUID } from 'node:crypto';
import type { Principal, ServerDefinitions } from '@gatehouse/protocol';
import { createLogger } from '@gatehouse/runtime';
import type { CallHandler, CallRequest, CallServer, NatsConnection } from '../src/index.ts';
import {
  BusMonitor,
  CallClient,
  connectNats,
  definitionsDigest,
  InstanceRegistry,
  serveCalls,
  watchCatalog,
} from '../src/index.ts';

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

export function connectTo(servers: string, identity: { user?: string; password?: string; inboxPrefix?: string } = {}) {
  return connectNats({ servers, name: 'test', inboxPrefix: '_INBOX_test', ...identity, logger });
}

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

export function principalOf(tenant: string): Principal {
  return {
    tenant,
    issuer: 'http://localhost:4000',
    accountId: 'account',
    oauthClientId: 'client',
    scopes: ['mcp', 'files:read'],
    roles: [],
    tokenId: 'token',
    expiresAt: 4_000_000_000,
  };
}

/** A call of the tool `echo`. */
export function requestOf(tenant: string, definitions: ServerDefinitions, changes: Partial<CallRequest> = {}) {
  return {
    digest: definitionsDigest(definitions),
    method: 'tools/call',
    name: 'echo',
    principal: principalOf(tenant),
    body: Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}'),
    timeoutMs: 5_000,
    maxCallMs: 10_000,
    ...changes,
  } satisfies CallRequest;
}

export const echo: CallHandler = (call) => Promise.resolve({ kind: 'result', resultType: 'complete', body: call.body });

/** A worker of one server on a connection of its own. */
export async function startWorker(
  servers: string,
  tenant: string,
  definitions: ServerDefinitions,
  options: { handler?: CallHandler; concurrency?: number; instance?: string } = {},
): Promise<{ server: CallServer; connection: NatsConnection; stop: () => Promise<void> }> {
  const connection = await connectTo(servers);
  const server = serveCalls({
    connection,
    tenant,
    servers: [{ definitions, handler: options.handler ?? echo }],
    concurrency: options.concurrency ?? 16,
    ...(options.instance === undefined ? {} : { instance: options.instance }),
    logger,
  });
  await server.ready;
  const stop = async () => {
    await server.drain();
    await connection.close();
  };
  return { server, connection, stop };
}

/** A gateway's side of the bus, ready: everything that dispatches calls. */
export async function openGateway(servers: string, connect = () => connectTo(servers)) {
  const connection = await connect();
  const bus = new BusMonitor(connection, logger);
  const calls = new CallClient(connection, bus, logger);
  const registry = new InstanceRegistry(connection, calls, bus, logger);
  const catalog = await watchCatalog(connection, logger);
  bus.addRecoveryStep(() => catalog.reread());
  bus.start();
  await until(() => bus.carries);
  const close = async () => {
    bus.close();
    await calls.close();
    registry.close();
    catalog.close();
    await connection.close();
  };
  return { connection, bus, calls, registry, catalog, close };
}

/** Resolves when `condition` holds; rejects when it does not within `timeoutMs`. */
export async function until(condition: () => boolean, timeoutMs = 5_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not so within ${timeoutMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
