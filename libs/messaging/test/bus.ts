import type { Principal, ServerDefinitions } from '@gatehouse/protocol';
import {
  connectTo,
  definitionsOf,
  logger,
  newTenant,
  openWorkerSide,
  sharedNatsUrl,
  until,
} from '../../../test/support/worker-side.ts';
import type { WorkerSide } from '../../../test/support/worker-side.ts';
import type { CallHandler, CallRequest } from '../src/index.ts';
import { BusMonitor, CallClient, definitionsDigest, InstanceRegistry, watchCatalog } from '../src/index.ts';

export { connectTo, definitionsOf, logger, newTenant, sharedNatsUrl, until };

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

/** A worker of one server on a connection of its own; it echoes unless it is told what to do. */
export function startWorker(
  servers: string,
  tenant: string,
  definitions: ServerDefinitions,
  options: { handler?: CallHandler; concurrency?: number; instance?: string } = {},
): Promise<WorkerSide> {
  return openWorkerSide(servers, tenant, definitions, { handler: echo, concurrency: 16, ...options });
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
