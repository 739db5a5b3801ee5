import { connectNats, inboxPrefix, serveCalls } from '@gatehouse/messaging';
import { createLogger } from '@gatehouse/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtureDefinitions, FixtureWorker } from './support/fixture-server.ts';
import { callMcp } from '../../../test/support/call-mcp.ts';
import { sendRaw } from './support/raw-http.ts';
import { startTestGateway, waitUntil } from './support/test-gateway.ts';
import type { TestGateway } from './support/test-gateway.ts';

let test: TestGateway;
let token: string;
const admin = (path: string) => fetch(`http://127.0.0.1:${test.gateway.adminPort}${path}`);
const callTool = (tool: string, text = '') =>
  callMcp(`${test.url}/mcp`, token, 'tools/call', { name: `${test.server}__${tool}`, arguments: { text } });

beforeAll(async () => {
  test = await startTestGateway();
  token = await test.token();
});
afterAll(() => test.stop());

/** The sum of all series of a metric whose labels contain these. */
async function read(name: string, ...labels: string[]): Promise<number> {
  const lines = (await (await admin('/metrics')).text()).split('\n');
  const found = lines.filter((line) => line.startsWith(name) && labels.every((label) => line.includes(label)));
  return found.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** By how much a metric grows while something happens. */
async function growth(during: () => Promise<unknown>, name: string, ...labels: string[]): Promise<number> {
  const before = await read(name, ...labels);
  await during();
  return (await read(name, ...labels)) - before;
}

describe('the metrics of the gateway', () => {
  it.each([
    ['a result', 'echo', 'result'],
    ['a tool that failed', 'fail', 'tool-error'],
    ['a question to the user', 'ask', 'input-required'],
    ['a call that was refused for lack of a capability', 'sampled', 'refused'],
  ])('count calls by server, method and outcome: %s', async (_what, tool, outcome) => {
    const labels = [
      `gatehouse_server="${test.server}"`,
      'mcp_method_name="tools/call"',
      `gatehouse_outcome="${outcome}"`,
    ];
    expect(await growth(() => callTool(tool), 'gatehouse_calls_total', ...labels)).toBe(1);
  });

  it('count a handle that nobody asked for, however large, and let its worker go', async () => {
    const labels = [
      'gatehouse_calls_total',
      `gatehouse_server="${test.server}"`,
      'gatehouse_outcome="outcome-unknown"',
    ] as const;
    const before = await read(...labels);
    const { body } = await callTool('claim-task', '4000000');
    expect(body).toMatchObject({ error: { code: -32603 } });
    await waitUntil(async () => (await read(...labels)) === before + 1);
  });

  it('measure how long requests took, calls by tool, and errors by their code', async () => {
    const name = 'mcp_server_operation_duration_seconds_count';
    const server = `gatehouse_server="${test.server}"`;
    expect(await growth(() => callTool('echo'), name, server, 'gen_ai_tool_name="echo"')).toBe(1);
    expect(await growth(() => callTool('fail'), name, server, 'error_type="tool_error"')).toBe(1);
    const listed = () => callMcp(`${test.url}/mcp`, token, 'tools/list');
    expect(await growth(listed, name, 'mcp_method_name="tools/list"')).toBe(1);
  });

  it('never take a label from a request', async () => {
    const invented = () => callMcp(`${test.url}/mcp`, token, 'made/up', { name: 'made-up' });
    const unknownTool = () => callMcp(`${test.url}/mcp`, token, 'tools/call', { name: 'made-up__tool' });
    const name = 'mcp_server_operation_duration_seconds_count';
    expect(await growth(invented, name, 'mcp_method_name="_OTHER"', 'error_type="-32601"')).toBe(1);
    expect(await growth(unknownTool, name, 'mcp_method_name="tools/call"', 'error_type="-32602"')).toBe(1);
    expect(await (await admin('/metrics')).text()).not.toContain('made');
  });

  it('count bytes both ways', async () => {
    const server = `gatehouse_server="${test.server}"`;
    const sent = await growth(
      () => callTool('echo', 'x'.repeat(1_000)),
      'gatehouse_call_request_size_bytes_total',
      server,
    );
    const received = await growth(() => callTool('large', '5000'), 'gatehouse_call_response_size_bytes_total', server);
    expect(sent).toBeGreaterThan(1_000);
    expect(sent).toBeLessThan(2_000);
    expect(received).toBeGreaterThan(5_000);
  });

  it.each<[string, string, string, () => Promise<unknown>]>([
    ['without a token', '401', 'unauthenticated', () => callMcp(`${test.url}/mcp`, undefined, 'tools/list')],
    ['for an unknown path', '404', 'not_found', () => fetch(`${test.url}/nothing`)],
    [
      'whose headers disagree',
      '400',
      'header_mismatch',
      () => callMcp(`${test.url}/mcp`, token, 'tools/list', {}, { headers: { 'mcp-method': 'other' } }),
    ],
    ['for an unknown name', '200', 'invalid_params', () => callTool('nothing')],
    ['that cannot be read', '400', 'malformed', () => sendRaw(test.gateway.port, 'GARBAGE\r\n\r\n')],
  ])('count requests that were refused, by status and reason: %s', async (_what, status, reason, send) => {
    const labels = [`http_response_status_code="${status}"`, `gatehouse_reason="${reason}"`];
    expect(await growth(send, 'gatehouse_requests_refused_total', ...labels)).toBe(1);
  });

  it('tell tokens that were verified from those that were known, and why others were refused', async () => {
    const fresh = await test.token({ jti: 'fresh' });
    const list = (accessToken: string) => () => callMcp(`${test.url}/mcp`, accessToken, 'tools/list');
    const name = 'gatehouse_token_verifications_total';
    expect(await growth(list(fresh), name, 'gatehouse_outcome="verified"')).toBe(1);
    expect(await growth(list(fresh), name, 'gatehouse_outcome="cached"')).toBe(1);
    const foreign = await test.token({ aud: 'https://elsewhere.test/mcp' });
    expect(await growth(list(foreign), name, 'gatehouse_outcome="refused"', 'gatehouse_reason="audience"')).toBe(1);
  });

  it('show what goes on: the bus, instances, calls in flight and open subscriptions', async () => {
    expect(await read('gatehouse_bus_state', 'gatehouse_state="up"')).toBe(1);
    expect(await read('gatehouse_bus_state', 'gatehouse_state="gone"')).toBe(0);
    expect(await read('gatehouse_instances', `gatehouse_server="${test.server}"`, 'gatehouse_state="ready"')).toBe(1);
    const call = callTool('wait', '500');
    await waitUntil(async () => (await read('gatehouse_calls_in_flight')) === 1);
    await call;
    expect(await read('gatehouse_calls_in_flight')).toBe(0);
    const leaving = new AbortController();
    const { signal } = leaving;
    const listening = callMcp(
      `${test.url}/mcp`,
      token,
      'subscriptions/listen',
      { notifications: { toolsListChanged: true } },
      { signal },
    ).catch(() => undefined);
    await waitUntil(async () => (await read('gatehouse_listen_streams')) === 1);
    leaving.abort();
    await listening;
    await waitUntil(async () => (await read('gatehouse_listen_streams')) === 0);
  });
});

describe('what /mcp leaves out', () => {
  it('is shown to operators at /catalog with its reason, and counted', async () => {
    const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
    const { tenant, server } = test;
    const late = `${server}-2`;
    const connection = await connectNats({
      servers: process.env.GATEHOUSE_TEST_NATS_URL ?? '',
      name: 'late',
      inboxPrefix: inboxPrefix({ role: 'worker', tenant, servers: [late] }),
      logger,
    });
    const definitions = { ...fixtureDefinitions(late), uriPrefixes: [`${server}://notes/`], resources: [] };
    const { handler } = new FixtureWorker(late);
    const served = serveCalls({
      connection,
      tenant,
      servers: [{ definitions: { ...definitions, resourceTemplates: [] }, handler }],
      concurrency: 1,
      logger,
    });
    await served.ready;
    const shown = async () => {
      const { tenants } = (await (await admin('/catalog')).json()) as {
        tenants: Record<string, { servers: { name: string }[]; leftOut: object[] }>;
      };
      return tenants[tenant];
    };
    await waitUntil(async () => (await shown())?.servers.some(({ name }) => name === late) ?? false);
    expect(await shown()).toMatchObject({
      servers: [
        { name: server, version: '3.2.1', available: true, tools: fixtureDefinitions(server).tools.length },
        { name: late },
      ],
      leftOut: [{ server: late, reason: 'uri-overlap', claimedBy: server }],
    });
    expect(await read('gatehouse_catalog_left_out', 'gatehouse_reason="uri-overlap"')).toBeGreaterThanOrEqual(1);
    await served.drain();
    await connection.close();
  });
});
