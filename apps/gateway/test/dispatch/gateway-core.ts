import type { CallHandler } from '@gatehouse/messaging';
import { definitionsDigest, InstanceRegistry } from '@gatehouse/messaging';
import type { ServerDefinitions } from '@gatehouse/protocol';
import { NestFactory } from '@nestjs/core';
import {
  connectTo,
  definitionsOf,
  logger,
  newTenant,
  openWorkerSide,
  sharedNatsUrl,
  until,
} from '../../../../test/support/worker-side.ts';
import type { WorkerSide } from '../../../../test/support/worker-side.ts';
import { Catalog } from '../../src/catalog/catalog.ts';
import { CatalogModule } from '../../src/catalog/catalog.module.ts';
import { DispatchModule } from '../../src/dispatch/dispatch.module.ts';
import type { DispatchCall, DispatchOutcome } from '../../src/dispatch/dispatch-outcome.ts';
import { Dispatch } from '../../src/dispatch/dispatch.ts';
import { LOGGER, NATS_CONNECTION, SETTINGS } from '../../src/injection-tokens.ts';

export { connectTo, definitionsOf, newTenant, sharedNatsUrl, until };

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
    registry: app.get(InstanceRegistry),
    close: async () => {
      await app.close();
      await connection.close();
    },
  };
}

export type GatewayCore = Awaited<ReturnType<typeof openGatewayCore>>;

const answer = Buffer.from('{"jsonrpc":"2.0","id":1,"result":{}}');

/** Answers every call with the same result. */
export const answerAtOnce: CallHandler = () =>
  Promise.resolve({ kind: 'result', resultType: 'complete', body: answer });

/** A worker of one server on a connection of its own. */
export function startWorker(
  tenant: string,
  definitions: ServerDefinitions,
  options: { handler?: CallHandler; instance?: string; concurrency?: number; servers?: string } = {},
): Promise<WorkerSide> {
  const { servers = sharedNatsUrl(), ...others } = options;
  return openWorkerSide(servers, tenant, definitions, { handler: answerAtOnce, concurrency: 64, ...others });
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
    startedAtMs: Date.now(),
    timeoutMs: 5_000,
    replayable: false,
    ...changes,
  };
  const signal = options.signal ?? new AbortController().signal;
  return core.dispatch.dispatch(call, options.onNotification ?? (() => {}), signal);
}
