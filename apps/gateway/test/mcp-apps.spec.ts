import { connectNats, inboxPrefix, serveCalls } from '@gatehouse/messaging';
import type { IncomingCall, NatsConnection } from '@gatehouse/messaging';
import { MetaKey } from '@gatehouse/protocol';
import type { ServerDefinitions } from '@gatehouse/protocol';
import { createLogger } from '@gatehouse/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtureDefinitions } from './support/fixture-server.ts';
import { callMcp } from '../../../test/support/call-mcp.ts';
import { publicUrl, startTestGateway, waitUntil } from './support/test-gateway.ts';
import type { TestGateway } from './support/test-gateway.ts';

const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
const mimeType = 'text/html;profile=mcp-app';
const uiExtension = { 'io.modelcontextprotocol/ui': { mimeTypes: [mimeType] } };

let test: TestGateway;
let connection: NatsConnection;
let uri: string;
let lastCall: IncomingCall | undefined;
let html: string;

/** What a view declares of itself (MCP Apps §UI Resource Format); the gateway understands none of it. */
const view = { csp: { connectDomains: ['https://api.example.com'] }, prefersBorder: true, 'x-new': [1, { a: null }] };

/** An app: a tool that shows a view, and the view. */
function appDefinitions(server: string): ServerDefinitions {
  return {
    ...fixtureDefinitions(server),
    uriPrefixes: [`${uri.slice(0, uri.lastIndexOf('/'))}/`],
    tools: [
      {
        name: 'show-board',
        inputSchema: { type: 'object' },
        annotations: { readOnlyHint: true },
        _meta: { ui: { resourceUri: uri, visibility: ['model', 'app'] }, 'ui/resourceUri': uri },
      },
    ],
    resources: [{ uri, name: 'board', mimeType, _meta: { ui: view } }],
    resourceTemplates: [],
    prompts: [],
  };
}

async function serveApp(server: string): Promise<() => Promise<void>> {
  const served = serveCalls({
    connection,
    tenant: test.tenant,
    servers: [
      {
        definitions: appDefinitions(server),
        handler: (call) => {
          lastCall = call;
          const contents = [{ uri: call.name, mimeType, text: html, _meta: { ui: view } }];
          const { id } = JSON.parse(Buffer.from(call.body).toString()) as { id: unknown };
          const result = { resultType: 'complete', contents, ttlMs: 0, cacheScope: 'private' };
          return Promise.resolve({
            kind: 'result',
            resultType: 'complete',
            body: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, result })),
          });
        },
      },
    ],
    concurrency: 1,
    logger,
  });
  await served.ready;
  return () => served.drain();
}

beforeAll(async () => {
  test = await startTestGateway();
  uri = `ui://${test.server}-app/board.html`;
  html = `<!doctype html><script>open("${uri}?a=b#c", "\\u2028</script>")</script> ${'é'.repeat(1_000)}`;
  const servers = ['app', 'late'].map((name) => `${test.server}-${name}`);
  connection = await connectNats({
    servers: process.env.GATEHOUSE_TEST_NATS_URL ?? '',
    name: 'apps',
    inboxPrefix: inboxPrefix({ role: 'worker', tenant: test.tenant, servers }),
    logger,
  });
  await serveApp(`${test.server}-app`);
  await waitUntil(async () => JSON.stringify((await call('tools/list')).body).includes('show-board'));
});
afterAll(async () => {
  await connection.close();
  await test.stop();
});

async function call(method: string, params: Record<string, unknown> = {}, server?: string, meta: object = {}) {
  const path = server === undefined ? '/mcp' : `/mcp/${server}`;
  const scope = ['mcp', `${test.server}-app:read`, `${test.server}-late:read`].join(' ');
  const token = await test.token({ aud: `${publicUrl}${path}`, scope });
  return callMcp(`${test.url}${path}`, token, method, params, { meta });
}

const endpoints = (): [string | undefined, string][] => [
  [undefined, `${test.server}-app__show-board`],
  [`${test.server}-app`, 'show-board'],
];

describe('an MCP App', () => {
  it('has its tools listed with what they say of their view, unchanged, on both endpoints', async () => {
    for (const [server, name] of endpoints()) {
      const { body } = await call('tools/list', {}, server);
      expect(body.result?.tools).toContainEqual({ ...appDefinitions('x').tools[0], name });
    }
  });

  it('has its view listed and read as it is: URIs are routed and never rewritten', async () => {
    for (const [server] of endpoints()) {
      const listed = await call('resources/list', {}, server);
      expect(listed.body.result?.resources).toContainEqual(appDefinitions('x').resources[0]);
      const read = await call('resources/read', { uri }, server);
      expect(read.body.result?.contents).toEqual([{ uri, mimeType, text: html, _meta: { ui: view } }]);
      expect(lastCall?.name).toBe(uri);
    }
  });

  it('has views that are not listed, under the prefix that its server owns', async () => {
    const other = uri.replace('board.html', 'card.html?id=7#top');
    const { body } = await call('resources/read', { uri: other });
    expect(body.result?.contents).toMatchObject([{ uri: other }]);
  });

  it('hears which extensions its client has', async () => {
    await call('resources/read', { uri }, undefined, { [MetaKey.clientCapabilities]: { extensions: uiExtension } });
    const seen = JSON.parse(Buffer.from(lastCall?.body ?? []).toString()) as { params: { _meta: object } };
    expect(seen).toMatchObject({ params: { _meta: { [MetaKey.clientCapabilities]: { extensions: uiExtension } } } });
  });

  it('of a later server that claims the same `ui://` URIs is left out of /mcp alone, and reported', async () => {
    const late = `${test.server}-late`;
    const stop = await serveApp(late);
    const report = async () => {
      const page = await fetch(`http://127.0.0.1:${test.gateway.adminPort}/catalog`);
      const { tenants } = (await page.json()) as { tenants: Record<string, { leftOut: object[] }> };
      return tenants[test.tenant]?.leftOut ?? [];
    };
    await waitUntil(async () => (await report()).length > 0);
    expect(await report()).toEqual([{ server: late, reason: 'uri-overlap', claimedBy: `${test.server}-app` }]);
    expect(JSON.stringify((await call('tools/list')).body)).not.toContain(late);
    expect((await call('tools/list', {}, late)).body.result?.tools).toHaveLength(1);
    await call('resources/read', { uri });
    expect(lastCall?.server).toBe(`${test.server}-app`);
    await call('resources/read', { uri }, late);
    expect(lastCall?.server).toBe(late);
    await stop();
  });
});
