import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { connectNats, inboxPrefix, rolePermissions, watchResourceUpdates } from '@gatehouse/messaging';
import type { NatsRole, ResourceUpdates } from '@gatehouse/messaging';
import { createLogger, StateKeys } from '@gatehouse/runtime';
import { makeTemporaryFolder, startEmbeddedNats } from '@gatehouse/start';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startCuttableProxy } from '../../../test/support/cuttable-proxy.ts';
import type { CuttableProxy } from '../../../test/support/cuttable-proxy.ts';
import { GatewaySide } from '../../../test/support/gateway-side.ts';
import { ServerChanges, WorkerModule, WorkerTransport } from '../src/index.ts';

const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
const folder = makeTemporaryFolder('gatehouse-changes-');
const cleanups: (() => unknown)[] = [() => folder.remove()];
const roles = {
  gateway: { role: 'gateway' },
  worker: { role: 'worker', tenant: 'default', servers: ['reports', 'orders'] },
} as const satisfies Record<string, NatsRole>;

class Reports {
  readonly changes: ServerChanges;

  constructor(changes: ServerChanges) {
    this.changes = changes;
    changes.addTool({ name: 'more', description: 'Lists one tool more.' }, () => {
      changes.addTool({ name: 'added', description: 'Was added.' }, () => 'from the added tool');
      return 'added';
    });
    changes.addTool({ name: 'write', description: 'Says that something changed.' }, () => {
      changes.resourceUpdated('reports://a');
      return 'written';
    });
  }
}

class Orders {
  readonly changes: ServerChanges;

  constructor(changes: ServerChanges) {
    this.changes = changes;
    changes.addTool({ name: 'find', description: 'Is there from the start.' }, () => 'found');
  }
}

/** What Nest does by itself for classes that TypeScript has decorated. */
const injected = (provider: typeof Reports | typeof Orders) => ({
  provide: provider,
  useFactory: (own: ServerChanges) => new provider(own),
  inject: [ServerChanges],
});

let proxy: CuttableProxy;
let gateway: GatewaySide;
let changes: { reports: ServerChanges; orders: ServerChanges };
const heard: ResourceUpdates[] = [];

/** A worker with two servers and a gateway's side, with the identities of a deployment. */
beforeAll(async () => {
  mkdirSync(path.join(folder.path, 'nats'));
  const identities = Object.entries(roles).map(([user, role]) => ({
    user,
    password: user,
    permissions: rolePermissions(role),
  }));
  const nats = await startEmbeddedNats({ dataDir: path.join(folder.path, 'nats'), durable: false, identities });
  cleanups.unshift(() => nats.stop());
  proxy = await startCuttableProxy(nats.port);
  cleanups.unshift(() => proxy.close());
  const as = (role: keyof typeof roles) => ({ user: role, password: role });
  gateway = await GatewaySide.open(nats.url, as('gateway'));
  cleanups.unshift(() => gateway.close());
  const connection = await connectNats({
    servers: nats.url,
    ...as('gateway'),
    name: 'test',
    inboxPrefix: inboxPrefix(roles.gateway),
    logger,
  });
  cleanups.unshift(() => connection.close());
  watchResourceUpdates(connection, logger, (updates) => heard.push(updates));
  const app = await NestFactory.createApplicationContext(
    WorkerModule.forRoot({
      servers: [
        { server: 'reports', version: '1.0.0', providers: [injected(Reports)] },
        { server: 'orders', version: '1.0.0', providers: [injected(Orders)] },
      ],
      nats: { url: `nats://127.0.0.1:${proxy.port}`, ...as('worker') },
      concurrency: 4,
      stateKeys: new StateKeys([Buffer.alloc(32)]),
      logger,
    }),
    { logger: false },
  );
  changes = {
    reports: app.get(Reports, { strict: false }).changes,
    orders: app.get(Orders, { strict: false }).changes,
  };
  const transport = app.get(WorkerTransport);
  await transport.listen(() => {});
  cleanups.unshift(async () => {
    await transport.close();
    await app.close();
  });
  await gateway.waitForInstances('reports', 1);
  await gateway.waitForInstances('orders', 1);
});
afterAll(async () => {
  for (const cleanup of cleanups) await cleanup();
});
beforeEach(() => {
  heard.length = 0;
});

const toolsOf = (server: string) => gateway.definitions(server)?.tools.map(({ name }) => name);

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('a worker', () => {
  it('tells every gateway which resources changed, each server its own', async () => {
    await gateway.callTool('reports', 'write', {});
    changes.orders.resourceUpdated('orders://7');
    await until(() => heard.length === 2);
    expect(heard).toEqual([
      { tenant: 'default', server: 'reports', uris: ['reports://a'] },
      { tenant: 'default', server: 'orders', uris: ['orders://7'] },
    ]);
  });

  it('tells of a burst together, and each resource once', async () => {
    for (let count = 0; count < 1_000; count++) changes.reports.resourceUpdated(`reports://${count % 10}`);
    await until(() => heard.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(heard.map(({ uris }) => uris.length)).toEqual([10]);
  });

  it('offers within half a second what was added while it runs, in the middle of a call too', async () => {
    const startedAt = performance.now();
    expect((await gateway.callTool('reports', 'more', {})).result).toMatchObject({ content: [{ text: 'added' }] });
    await until(() => toolsOf('reports')?.includes('added') === true);
    await gateway.waitForInstances('reports', 1);
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect((await gateway.callTool('reports', 'added', {})).result).toMatchObject({
      content: [{ text: 'from the added tool' }],
    });
    expect(toolsOf('orders')).toEqual(['find']);
  });

  it('that was cut off says that any of its resources may have changed, and offers what it offers now', async () => {
    changes.orders.addTool({ name: 'late', description: 'Comes late.' }, () => 'late');
    await until(() => toolsOf('orders')?.includes('late') === true);
    proxy.cut();
    changes.orders.removeTool('find');
    changes.orders.resourceUpdated('orders://8');
    await new Promise((resolve) => setTimeout(resolve, 300));
    proxy.restore();
    await until(() => heard.length >= 2 && toolsOf('orders')?.join() === 'late');
    await gateway.waitForInstances('orders', 1);
    expect((await gateway.callTool('orders', 'late', {})).result).toMatchObject({ content: [{ text: 'late' }] });
    const said = heard.map(({ server, uris }) => `${server} ${String(uris)}`);
    expect(said).toEqual(expect.arrayContaining(['orders any', 'reports any']));
  });
});
