import { randomUUID } from 'node:crypto';
import type { CallHandler, CallServer, InstanceRegistry, NatsConnection } from '@gatehouse/messaging';
import { connectNats, definitionsDigest, InstanceRegistry as Registry, serveCalls } from '@gatehouse/messaging';
import type { ServerDefinitions } from '@gatehouse/protocol';
import { createLogger } from '@gatehouse/runtime';
import { NestFactory } from '@nestjs/core';
import { Catalog } from '../../src/catalog/catalog.ts';
import { CatalogModule } from '../../src/catalog/catalog.module.ts';
import { DispatchModule } from '../../src/dispatch/dispatch.module.ts';
import type { DispatchCall, DispatchOutcome } from '../../src/dispatch/dispatch-outcome.ts';
import { Dispatch } from '../../src/dispatch/dispatch.ts';
import { LOGGER, NATS_CONNECTION, SETTINGS } from '../../src/injection-tokens.ts';

const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });

/** The NATS server that the test run shares. */
export function sharedNatsUrl(): string {
  const url = process.env.GATEHOUSE_TEST_NATS_URL;
  if (!url) throw new Error('GATEHOUSE_TEST_NATS_URL is not set: run the tests through vitest of this project');
  return url;
}

export function connectTo(servers: string): Promise<NatsConnection> {
  return connectNats({ servers, name: 'test', inboxPrefix: '_INBOX_test', logger });
}

/** The gateway without its endpoint: catalog and dispatch, wired by their modules and ready. */
export async function openGatewayCore(servers = sharedNatsUrl(), maxCallMs = 600_000) {
  const connection = await connectTo(servers);
  const shared = [
    { provide: LOGGER, useValue: logger },
    { provide: NATS_CONNECTION, useValue: connection },
    { provide: SETTINGS, useValue: { GATEWAY_MAX_CALL_MS: maxCallMs } },
  ];

  const platform = { module: class Platform {}, global: true, providers: shared, exports: shared };
  const core = { module: class Core {}, imports: [platform, CatalogModule, DispatchModule] };
  const app = await NestFactory.createApplicationContext(core, { logger: false });
  const dispatch = app.get(Dispatch);
  await until(() => dispatch.unreadyReason() === undefined);
  return {
    catalog: app.get(Catalog),
    dispatch,
    registry: app.get<InstanceRegistry>(Registry),
    close: async () => {
      await app.close();
      await connection.close();
    },
  };
}

export type GatewayCore = Awaited<ReturnType<typeof openGatewayCore>>;

/** A tenant of the test's own, so that tests share one NATS. */
export function newTenant(): string {
  return `t-${randomUUID()}`;
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

export interface TestWorker {
  server: CallServer;
  connection: NatsConnection;
  stop: () => Promise<void>;
}

const answer = Buffer.from('{"jsonrpc":"2.0","id":1,"result":{}}');

/** Answers every call with the same result. */
export const answerAtOnce: CallHandler = () =>
  Promise.resolve({ kind: 'result', resultType: 'complete', body: answer });

/** A worker of one server on a connection of its own. */
export async function startWorker(
  tenant: string,
  definitions: ServerDefinitions,
  options: { handler?: CallHandler; instance?: string; concurrency?: number; servers?: string } = {},
): Promise<TestWorker> {
  const connection = await connectTo(options.servers ?? sharedNatsUrl());
  const server = serveCalls({
    connection,
    tenant,
    servers: [{ definitions, handler: options.handler ?? answerAtOnce }],
    concurrency: options.concurrency ?? 64,
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

/** Dispatches one call of `echo` as the endpoint would. */
export function dispatchCall(
  core: GatewayCore,
  tenant: string,
  definitions: ServerDefinitions,
  changes: Partial<DispatchCall> = {},
  options: { onNotification?: (body: Uint8Array) => void; signal?: AbortSignal } = {},
): Promise<DispatchOutcome> {
  const call: DispatchCall = {
    tenant,
    server: definitions.server,
    digest: definitionsDigest(definitions),
    method: 'tools/call',
    name: 'echo',
    principal: {
      tenant,
      issuer: 'http://localhost:4000',
      accountId: 'account',
      oauthClientId: 'client',
      scopes: ['mcp'],
      roles: [],
      tokenId: 'token',
      expiresAt: 4_000_000_000,
    },
    traceId: '0af7651916cd43dd8448eb211c80319c',
    trace: {},
    body: Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}'),
    timeoutMs: 5_000,
    replayable: false,
    ...changes,
  };
  const signal = options.signal ?? new AbortController().signal;
  return core.dispatch.dispatch(call, options.onNotification ?? (() => {}), signal);
}

/** Resolves when `condition` holds; rejects when it does not within `timeoutMs`. */
export async function until(condition: () => boolean, timeoutMs = 5_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not so within ${timeoutMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
