import { randomBytes } from 'node:crypto';
import { connectNats, inboxPrefix, serveCalls } from '@gatehouse/messaging';
import type { NatsConnection } from '@gatehouse/messaging';
import { createLogger } from '@gatehouse/runtime';
import { makeTemporaryFolder, startEmbeddedNats } from '@gatehouse/start';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtureDefinitions, FixtureWorker } from './support/fixture-server.ts';
import { callMcp } from '../../../test/support/call-mcp.ts';
import { publicUrl, startTestGateway, waitUntil } from './support/test-gateway.ts';
import type { TestGateway } from './support/test-gateway.ts';

const listMethods = ['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list'];
const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
const manyResources = Array.from({ length: 1_000 }, (_, index) => ({ uri: `many://item/${index}`, name: `${index}` }));
const folder = makeTemporaryFolder('gatehouse-lists-');
const cleanUps: (() => unknown)[] = [() => folder.remove()];

let natsUrl: string;
let first: TestGateway;
let second: TestGateway;
let connection: NatsConnection;

/** Two replicas of one installation without tenants, and a server whose resources fill two pages. */
beforeAll(async () => {
  const nats = await startEmbeddedNats({ dataDir: folder.path, durable: false });
  cleanUps.unshift(() => nats.stop());
  natsUrl = nats.url;
  const settings = { GATEHOUSE_STATE_KEYS: randomBytes(32).toString('base64') };
  first = await startTestGateway({ tenant: 'default', natsUrl, settings });
  cleanUps.unshift(() => first.stop());
  second = await startTestGateway({ tenant: 'default', natsUrl, settings });
  cleanUps.unshift(() => second.stop());
  const prefix = inboxPrefix({ role: 'worker', tenant: 'default', servers: ['many'] });
  connection = await connectNats({ servers: natsUrl, name: 'many', inboxPrefix: prefix, logger });
  cleanUps.unshift(() => connection.close());
  await serve('default', 'many', { resources: manyResources });
  for (const gateway of [first, second])
    await waitUntil(async () => JSON.stringify(await list(gateway, 'resources/list')).includes('many://item/0'));
});
afterAll(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
});

async function serve(tenant: string, server: string, changes: object): Promise<() => Promise<void>> {
  const definitions = { ...fixtureDefinitions(server), ...changes };
  const { handler } = new FixtureWorker(server);
  const served = serveCalls({ connection, tenant, servers: [{ definitions, handler }], concurrency: 1, logger });
  await served.ready;
  return () => served.drain();
}

async function list(gateway: TestGateway, method: string, cursor?: string, path = '/mcp') {
  const token = await gateway.token({ aud: `${publicUrl}${path}` });
  const { body } = await callMcp(`${gateway.url}${path}`, token, method, cursor === undefined ? {} : { cursor });
  return body;
}

const pageOf = async (...args: Parameters<typeof list>) =>
  (await list(...args)).result as { resources: { uri: string }[]; nextCursor?: string; cacheScope: string };

describe('pages of a list', () => {
  it('are read one after the other from different replicas, every item once and in order', async () => {
    const uris: string[] = [];
    const sizes: number[] = [];
    let cursor: string | undefined;
    for (const gateway of [first, second, first, second]) {
      const page = await pageOf(gateway, 'resources/list', cursor, '/mcp/many');
      uris.push(...page.resources.map(({ uri }) => uri));
      sizes.push(page.resources.length);
      cursor = page.nextCursor;
      if (cursor === undefined) break;
    }
    expect(sizes).toEqual([500, 500]);
    expect(uris).toEqual(manyResources.map(({ uri }) => uri));
  });

  it('have the same order on every replica', async () => {
    for (const method of listMethods) {
      const [one, other] = [await list(first, method), await list(second, method)];
      expect({ ...one.result, nextCursor: '' }).toEqual({ ...other.result, nextCursor: '' });
    }
  });

  it('have one scope, whichever replica answers (MCP 2026-07-28 Caching §Interaction with Pagination)', async () => {
    const one = await pageOf(first, 'resources/list');
    const other = await pageOf(second, 'resources/list', one.nextCursor);
    expect([one.cacheScope, other.cacheScope]).toEqual(['public', 'public']);
  });

  it.each<[string, string, string]>([
    ['of another list', 'tools/list', '/mcp'],
    ['of another endpoint', 'resources/list', '/mcp/many'],
  ])('are not opened by the cursor %s (-32602)', async (_what, method, path) => {
    const { nextCursor } = await pageOf(first, 'resources/list');
    expect(nextCursor).toBeTypeOf('string');
    expect((await list(first, method, nextCursor, path)).error).toMatchObject({ code: -32602 });
  });
});

describe('caching hints (MCP 2026-07-28 Caching §Cacheable Results)', () => {
  it.each(['server/discover', ...listMethods])('stand in %s, public while there are no tenants', async (method) => {
    const { result } = await list(first, method);
    expect(result).toMatchObject({ cacheScope: 'public' });
    expect(Number.isInteger(result?.ttlMs)).toBe(true);
    expect(result?.ttlMs).toBeGreaterThanOrEqual(0);
  });

  it('give nobody access: a public list needs a token all the same (§Security Considerations)', async () => {
    expect((await callMcp(`${first.url}/mcp`, undefined, 'tools/list')).status).toBe(401);
  });

  it('are private for a caller of another tenant, who is shown something else', async () => {
    const token = await first.token({ tenant: 'acme' });
    for (const method of ['server/discover', ...listMethods])
      expect((await callMcp(`${first.url}/mcp`, token, method)).body.result).toMatchObject({ cacheScope: 'private' });
  });

  it('are private for everybody once another tenant has a server', async () => {
    await serve('acme', 'theirs', {});
    const scopes = () =>
      Promise.all(['server/discover', ...listMethods].map(async (method) => (await list(first, method)).result));
    await waitUntil(async () => (await scopes()).every((result) => result?.cacheScope === 'private'));
    const one = await pageOf(first, 'resources/list');
    expect((await pageOf(second, 'resources/list', one.nextCursor)).cacheScope).toBe('private');
  });
});
