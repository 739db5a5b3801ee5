import { definitionsDigest } from '@gatehouse/messaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GatewayCore } from './gateway-core.ts';
import { definitionsOf, dispatchCall, newTenant, openGatewayCore, startWorker, until } from './gateway-core.ts';

const all = { kind: 'aggregate' } as const;
const first = definitionsOf('files', { tools: [{ name: 'read', inputSchema: {} }] });
const second = definitionsOf('files', { version: '2.0.0', tools: [{ name: 'read_file', inputSchema: {} }] });

let core: GatewayCore;
beforeAll(async () => {
  core = await openGatewayCore();
});
afterAll(() => core.close());

const toolNames = (tenant: string) => core.catalog.lists(tenant, all).tools.map(({ name }) => name);

describe('the active definitions', () => {
  it('are the newest whose instances are ready: the previous ones serve until then', async () => {
    const tenant = newTenant();
    const old = await startWorker(tenant, first);
    await until(() => core.catalog.server(tenant, 'files')?.available === true);
    expect(toolNames(tenant)).toEqual(['files__read']);

    const announcing = await startWorker(tenant, second);
    await until(() => toolNames(tenant)[0] === 'files__read_file', 1_000);
    expect(core.catalog.server(tenant, 'files')).toMatchObject({ digest: definitionsDigest(second), available: true });
    expect(await dispatchCall(core, tenant, first)).toMatchObject({ kind: 'answered' });

    await announcing.stop();
    await until(() => toolNames(tenant)[0] === 'files__read', 1_000);
    await old.stop();
  });

  it('stay listed without an instance, answer -31001, and keep the version that was active', async () => {
    const tenant = newTenant();
    const newer = await startWorker(tenant, first);
    const newest = await startWorker(tenant, second);
    await until(() => toolNames(tenant)[0] === 'files__read_file');
    await newest.stop();
    await until(() => toolNames(tenant)[0] === 'files__read');
    await newer.stop();
    await until(() => core.catalog.server(tenant, 'files')?.available === false);
    expect(toolNames(tenant)).toEqual(['files__read']);
    expect(await dispatchCall(core, tenant, first)).toMatchObject({ code: -31001 });
  });

  it('are seen by a gateway that starts later, instances included', async () => {
    const tenant = newTenant();
    const worker = await startWorker(tenant, first);
    const late = await openGatewayCore();
    expect(late.catalog.server(tenant, 'files')).toMatchObject({ digest: definitionsDigest(first), available: true });
    await late.close();
    await worker.stop();
  });
});

describe('lists', () => {
  it('are the same objects until something in them changes, and differ between tenants', async () => {
    const [tenant, other] = [newTenant(), newTenant()];
    const workers = [await startWorker(tenant, first), await startWorker(other, second)];
    await until(() => core.catalog.server(tenant, 'files')?.available === true);
    await until(() => core.catalog.server(other, 'files')?.available === true);
    const before = core.catalog.lists(tenant, all).tools;
    workers.push(await startWorker(tenant, first), await startWorker(other, definitionsOf('mail')));
    await until(() => core.catalog.servers(other).length === 2);
    expect(core.catalog.lists(tenant, all).tools).toBe(before);
    expect(toolNames(tenant)).toEqual(['files__read']);
    expect(toolNames(other)).toEqual(['files__read_file', 'mail__echo']);
    await Promise.all(workers.map(({ stop }) => stop()));
  });

  it('are empty for a tenant or a server that nobody knows', () => {
    expect(core.catalog.lists('nobody', all)).toMatchObject({ tools: [], prompts: [], resources: [] });
    expect(core.catalog.lists('nobody', { kind: 'server', server: 'files' }).tools).toEqual([]);
    expect(core.catalog.server('nobody', 'files')).toBeUndefined();
    expect(core.catalog.servers('nobody')).toEqual([]);
    expect(core.catalog.excluded('nobody')).toEqual([]);
  });
});

describe('a server that comes later with another’s URIs', () => {
  it('is left out of /mcp even when its name comes first and the other one has new definitions', async () => {
    const tenant = newTenant();
    const claim = { uriPrefixes: ['files:///'] };
    const workers = [await startWorker(tenant, definitionsOf('files', claim))];
    workers.push(await startWorker(tenant, definitionsOf('archive', claim)));
    workers.push(await startWorker(tenant, definitionsOf('files', { ...claim, version: '2.0.0' })));
    await until(() => core.catalog.servers(tenant).length === 2);
    await until(() => core.catalog.server(tenant, 'files')?.definitions.version === '2.0.0');
    expect(core.catalog.excluded(tenant)).toEqual([{ server: 'archive', reason: 'uri-overlap', claimedBy: 'files' }]);
    expect(core.catalog.resolveResource(tenant, all, 'files:///a')).toMatchObject({ server: 'files' });
    expect(core.catalog.resolveTool(tenant, all, 'archive__echo')).toBeUndefined();
    expect(core.catalog.resolveTool(tenant, { kind: 'server', server: 'archive' }, 'echo')).toMatchObject({
      server: 'archive',
    });
    await Promise.all(workers.map(({ stop }) => stop()));
  });
});
