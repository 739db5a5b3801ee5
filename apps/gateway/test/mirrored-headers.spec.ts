import { connectNats, inboxPrefix, serveCalls } from '@gatehouse/messaging';
import type { IncomingCall, NatsConnection } from '@gatehouse/messaging';
import { createLogger } from '@gatehouse/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fixtureDefinitions } from './support/fixture-server.ts';
import { callMcp } from '../../../test/support/call-mcp.ts';
import { startTestGateway, waitUntil } from './support/test-gateway.ts';
import type { TestGateway } from './support/test-gateway.ts';

const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
const base64 = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`;
/** What fetch puts into a header byte by byte. */
const bytes = (text: string) => Buffer.from(text).toString('latin1');

/** The parameters that clients repeat: one of each type, one of them nested. */
const inputSchema = {
  type: 'object',
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    dry: { type: 'boolean', 'x-mcp-header': 'Dry-Run' },
    target: { type: 'object', properties: { shard: { type: 'integer', 'x-mcp-header': 'Shard' } } },
  },
};
const strange = 'Größe (µm)';

let test: TestGateway;
let server: string;
let token: string;
let connection: NatsConnection;
let reached: IncomingCall | undefined;

beforeAll(async () => {
  test = await startTestGateway();
  server = `${test.server}-h`;
  connection = await connectNats({
    servers: process.env.GATEHOUSE_TEST_NATS_URL ?? '',
    name: 'mirrored',
    inboxPrefix: inboxPrefix({ role: 'worker', tenant: test.tenant, servers: [server] }),
    logger,
  });
  const definitions = {
    ...fixtureDefinitions(server),
    tools: [{ name: 'routed', inputSchema, annotations: { readOnlyHint: true } }],
    resources: [{ uri: `${server}://${encodeURIComponent(strange)}`, name: 'escaped' }],
    prompts: [{ name: strange }],
  };
  await serveCalls({
    connection,
    tenant: test.tenant,
    servers: [
      {
        definitions,
        handler: (call) => {
          reached = call;
          const { id } = JSON.parse(Buffer.from(call.body).toString()) as { id: unknown };
          const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, result: { resultType: 'complete' } }));
          return Promise.resolve({ kind: 'result', resultType: 'complete', body });
        },
      },
    ],
    concurrency: 4,
    logger,
  }).ready;
  token = await test.token({
    aud: `http://localhost:3000/mcp/${server}`,
    scope: ['mcp', `${server}:read`].join(' '),
  });
  await waitUntil(async () => (await callTool({})).status === 200);
});
beforeEach(() => {
  reached = undefined;
});
afterAll(async () => {
  await connection.close();
  await test.stop();
});

const call = (method: string, params: Record<string, unknown>, headers: Record<string, string | undefined>) =>
  callMcp(`${test.url}/mcp/${server}`, token, method, params, { headers });
const callTool = (args: object, headers: Record<string, string | undefined> = {}) =>
  call('tools/call', { name: 'routed', arguments: args }, headers);

describe('Mcp-Param headers (MCP 2026-07-28 Streamable HTTP §Server Behavior for Custom Headers)', () => {
  it.each<[string, object, Record<string, string>]>([
    ['plain ASCII', { region: 'us-west1' }, { 'mcp-param-region': 'us-west1' }],
    ['a name in any case', { region: 'us-west1' }, { 'MCP-PARAM-REGION': 'us-west1' }],
    ['white space around the value', { region: 'us-west1' }, { 'mcp-param-region': '  us-west1\t' }],
    ['base64 of what is not ASCII', { region: 'Hello, 世界' }, { 'mcp-param-region': base64('Hello, 世界') }],
    ['base64 of what looks like base64', { region: base64('x') }, { 'mcp-param-region': base64(base64('x')) }],
    ['an integer in another form', { target: { shard: 42 } }, { 'mcp-param-shard': '42.0' }],
    ['a boolean', { dry: false }, { 'mcp-param-dry-run': 'false' }],
    ['null without a header', { region: null }, {}],
    ['nothing at all', {}, {}],
    ['a header that no parameter has', { region: 'a' }, { 'mcp-param-region': 'a', 'mcp-param-other': bytes('é') }],
  ])('let a call pass with %s', async (_what, args, headers) => {
    expect((await callTool(args, headers)).status).toBe(200);
    expect(reached).toMatchObject({ name: 'routed' });
  });

  it.each<[string, object, Record<string, string>]>([
    ['left out although the body has a value', { region: 'eu' }, {}],
    ['left out for one of several', { region: 'eu', dry: true }, { 'mcp-param-region': 'eu' }],
    ['that disagrees', { region: 'eu' }, { 'mcp-param-region': 'us' }],
    ['that differs in case', { region: 'eu' }, { 'mcp-param-region': 'EU' }],
    ['sent for null', { region: null }, { 'mcp-param-region': 'null' }],
    ['sent for nothing', {}, { 'mcp-param-region': 'eu' }],
    ['with raw bytes instead of base64', { region: 'é' }, { 'mcp-param-region': bytes('é') }],
    ['with raw bytes of one character', { region: 'é' }, { 'mcp-param-region': 'é' }],
    ['whose base64 is broken', { region: 'Hello' }, { 'mcp-param-region': '=?base64?SGVsbG8?=' }],
    ['whose base64 holds no text', { region: 'Hello' }, { 'mcp-param-region': '=?base64?wyg=?=' }],
    ['with another integer', { target: { shard: 42 } }, { 'mcp-param-shard': '43' }],
    ['with another boolean', { dry: true }, { 'mcp-param-dry-run': 'TRUE' }],
  ])('refuse a call with 400 and -32020, before any worker sees it: %s', async (_what, args, headers) => {
    const { status, body } = await callTool(args, headers);
    expect({ status, code: body.error?.code, id: body.id }).toEqual({ status: 400, code: -32020, id: 1 });
    expect(reached).toBeUndefined();
  });
});

describe('Mcp-Method and Mcp-Name (MCP 2026-07-28 Streamable HTTP §Server Validation)', () => {
  it('are decoded before they are compared', async () => {
    expect((await call('prompts/get', { name: strange }, { 'mcp-name': base64(strange) })).status).toBe(200);
    expect(reached).toMatchObject({ method: 'prompts/get', name: strange });
    expect((await callTool({}, { 'mcp-name': base64('routed') })).status).toBe(200);
  });

  it.each<[string, Record<string, string | undefined>]>([
    ['a name in raw bytes', { 'mcp-name': bytes(strange) }],
    ['another name in base64', { 'mcp-name': base64('other') }],
    ['broken base64', { 'mcp-name': '=?base64?!!!?=' }],
    ['no name', { 'mcp-name': undefined }],
    ['the name of a tool that exists', { 'mcp-name': 'routed' }],
    ['another method', { 'mcp-method': 'tools/call', 'mcp-name': base64(strange) }],
    ['no method', { 'mcp-method': undefined, 'mcp-name': base64(strange) }],
    ['a method in base64, which is for names alone', { 'mcp-method': base64('prompts/get') }],
    ['another revision', { 'mcp-protocol-version': '2027-01-01', 'mcp-name': base64(strange) }],
  ])('are never trusted: %s is 400 and -32020', async (_what, headers) => {
    const { status, body } = await call('prompts/get', { name: strange }, headers);
    expect({ status, code: body.error?.code }).toEqual({ status: 400, code: -32020 });
    expect(reached).toBeUndefined();
  });
});
