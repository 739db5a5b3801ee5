import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { findFreePort, makeTemporaryFolder, startEmbeddedNats } from '@gatehouse/start';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAppProcess } from '../support/app-process.ts';
import type { AppProcess } from '../support/app-process.ts';
import { tellGateways } from '../support/tell-gateways.ts';
import { startTokenIssuer } from '../support/token-issuer.ts';
import { Collector } from './telemetry/collector.ts';
import type { CollectedSpan } from './telemetry/collector.ts';

const secret = 'hunter2-in-the-arguments';
const serverKind = 2;
const collector = new Collector();
const folder = makeTemporaryFolder('gatehouse-telemetry-');
const cleanUps: (() => unknown)[] = [() => folder.remove(), () => collector.close()];

let gateway: AppProcess;
let worker: AppProcess;
let mcpUrl: string;
let accessToken: string;
let shared: NodeJS.ProcessEnv;
let issuerUrl: string;

beforeAll(async () => {
  const nats = await startEmbeddedNats({ dataDir: folder.path, durable: false });
  cleanUps.unshift(() => nats.stop());
  const issuer = await startTokenIssuer();
  cleanUps.unshift(() => issuer.close());
  issuerUrl = issuer.issuer;
  await (await tellGateways(nats.url, issuerUrl)).close();
  shared = {
    NATS_URL: nats.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: await collector.listen(),
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '100',
    OTEL_METRIC_EXPORT_INTERVAL: '500',
    GATEHOUSE_STATE_KEYS: randomBytes(32).toString('base64'),
  };
  const port = await findFreePort();
  mcpUrl = `http://localhost:${port}/mcp`;
  gateway = await startAppProcess('dist/apps/gateway/main.js', 'GATEWAY_ADMIN_PORT', {
    ...shared,
    GATEWAY_PORT: String(port),
    AUTH_ISSUER: issuer.issuer,
  });
  cleanUps.unshift(() => gateway.stop());
  worker = await startAppProcess('test/system/telemetry/traced-worker.ts', 'WORKER_ADMIN_PORT', shared);
  cleanUps.unshift(() => worker.stop());
  accessToken = await issuer.issue(mcpUrl, ['mcp', 'traced:read']);
  while ((await callTool('look-up')).error) await new Promise((resolve) => setTimeout(resolve, 50));
});
afterAll(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
});

interface Answer {
  result?: { isError?: boolean };
  error?: { code: number };
  /** Every event of the answer's stream. */
  events: { method?: string; params?: { _meta?: Record<string, string> } }[];
}

async function callTool(
  tool: string,
  meta: object = {},
  headers: Record<string, string> = {},
  url = mcpUrl,
): Promise<Answer> {
  const name = `traced__${tool}`;
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${accessToken}`,
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': name,
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 'request-7',
      method: 'tools/call',
      params: {
        name,
        arguments: { secret },
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
          progressToken: 1,
          ...meta,
        },
      },
    }),
  });
  const text = await response.text();
  const events = text.startsWith('{') ? [text] : [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => data ?? '');
  const parsed = events.map((event) => JSON.parse(event) as Answer & Answer['events'][number]);
  return { ...(parsed.at(-1) as Answer), events: parsed };
}

/** A trace that a client began: its id, and the fields that it sends. */
function clientTrace(flags = '01'): { traceId: string; parentId: string; traceparent: string } {
  const [traceId, parentId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, parentId, traceparent: `00-${traceId}-${parentId}-${flags}` };
}

function spanOf(spans: CollectedSpan[], service: string, name: string): CollectedSpan {
  const found = spans.find((span) => span.service === service && span.name === name);
  if (!found) throw new Error(`${service} sent no span "${name}": ${JSON.stringify(spans)}`);
  return found;
}

describe('the trace of a call (MCP 2026-07-28 §`_meta`, OpenTelemetry trace context)', () => {
  it('leads from the client through gateway and worker to the spans of the tool', async () => {
    const { traceId, parentId, traceparent } = clientTrace();
    await callTool('look-up', { traceparent, tracestate: 'rojo=1', baggage: 'user=alice' });
    const spans = await collector.trace(traceId, 3);
    const atGateway = spanOf(spans, 'gatehouse-gateway', 'tools/call look-up');
    const atWorker = spanOf(spans, 'gatehouse-traced', 'tools/call look-up');
    const ofTool = spanOf(spans, 'gatehouse-traced', 'query the database');
    expect(spans).toHaveLength(3);
    expect(atGateway).toMatchObject({ parentSpanId: parentId, kind: serverKind, traceState: 'rojo=1', status: 0 });
    expect(atWorker).toMatchObject({ parentSpanId: atGateway.spanId, kind: serverKind, traceState: 'rojo=1' });
    expect(ofTool).toMatchObject({ parentSpanId: atWorker.spanId, traceState: 'rojo=1' });
    expect(ofTool.attributes).toEqual({ user: 'alice', ofCall: `00-${traceId}-${atWorker.spanId}-01` });
  });

  it('says what the conventions for MCP name, and no more', async () => {
    const { traceId, traceparent } = clientTrace();
    await callTool('look-up', { traceparent });
    const spans = await collector.trace(traceId, 3);
    expect(spanOf(spans, 'gatehouse-gateway', 'tools/call look-up').attributes).toEqual({
      'mcp.method.name': 'tools/call',
      'mcp.protocol.version': '2026-07-28',
      'jsonrpc.request.id': 'request-7',
      'network.transport': 'tcp',
      'network.protocol.name': 'http',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'look-up',
      'gatehouse.server': 'traced',
      'gatehouse.instance': expect.stringMatching(/^[0-9a-f]+$/) as string,
    });
    expect(spanOf(spans, 'gatehouse-traced', 'tools/call look-up').attributes).toEqual({
      'mcp.method.name': 'tools/call',
      'mcp.protocol.version': '2026-07-28',
      'network.transport': 'tcp',
      'network.protocol.name': 'nats',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'look-up',
      'gatehouse.server': 'traced',
    });
  });

  it('is the same for a client of an older revision', async () => {
    const { traceId, parentId, traceparent } = clientTrace();
    const params = { name: 'traced__look-up', arguments: { secret }, _meta: { traceparent } };
    const response = await fetch(mcpUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${accessToken}`,
        'mcp-protocol-version': '2025-11-25',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
    });
    await response.text();
    const spans = await collector.trace(traceId, 3);
    const atGateway = spanOf(spans, 'gatehouse-gateway', 'tools/call look-up');
    expect(atGateway).toMatchObject({ parentSpanId: parentId, attributes: { 'mcp.protocol.version': '2025-11-25' } });
    expect(spanOf(spans, 'gatehouse-traced', 'tools/call look-up').parentSpanId).toBe(atGateway.spanId);
  });

  it('comes back with the notifications of the call', async () => {
    const { traceId, traceparent } = clientTrace();
    const { events } = await callTool('look-up', { traceparent });
    const atWorker = spanOf(await collector.trace(traceId, 3), 'gatehouse-traced', 'tools/call look-up');
    const progress = events.find(({ method }) => method === 'notifications/progress');
    expect(progress?.params).toMatchObject({ _meta: { traceparent: `00-${traceId}-${atWorker.spanId}-01` } });
  });

  it('begins at the HTTP request where `_meta` names none, and links to it where both do', async () => {
    const [inMeta, inHeader] = [clientTrace(), clientTrace()];
    await callTool('look-up', {}, { traceparent: inHeader.traceparent });
    const alone = spanOf(await collector.trace(inHeader.traceId, 3), 'gatehouse-gateway', 'tools/call look-up');
    expect(alone.parentSpanId).toBe(inHeader.parentId);
    await callTool('look-up', { traceparent: inMeta.traceparent }, { traceparent: inHeader.traceparent });
    const both = spanOf(await collector.trace(inMeta.traceId, 3), 'gatehouse-gateway', 'tools/call look-up');
    expect(both.parentSpanId).toBe(inMeta.parentId);
    expect(both.links).toMatchObject([{ traceId: inHeader.traceId, spanId: inHeader.parentId }]);
  });

  it.each<[string, string, string, number]>([
    ['a tool that failed', 'fail', 'tool_error', 2],
    ['a name that nobody offers', 'nothing', '-32602', 1],
  ])('names the class of error of %s', async (_what, tool, errorType, count) => {
    const { traceId, traceparent } = clientTrace();
    await callTool(tool, { traceparent });
    const spans = await collector.trace(traceId, count);
    for (const span of spans) {
      expect(span.attributes['error.type']).toBe(errorType);
      expect(span.status).toBe(2);
    }
  });

  it('is not recorded when the client did not record it', async () => {
    const unsampled = clientTrace('00');
    await callTool('look-up', { traceparent: unsampled.traceparent });
    const sampled = clientTrace();
    await callTool('look-up', { traceparent: sampled.traceparent });
    await collector.trace(sampled.traceId, 3);
    expect(collector.spans.filter(({ traceId }) => traceId === unsampled.traceId)).toEqual([]);
  });
});

describe('what is sent', () => {
  it('holds no arguments, results, messages of tools or tokens', async () => {
    const { traceId, traceparent } = clientTrace();
    await callTool('fail', { traceparent });
    await collector.trace(traceId, 2);
    expect(collector.raw).toContain('tools/call fail');
    for (const hidden of [secret, 'result of', 'no luck with', accessToken, accessToken.split('.')[2] ?? ''])
      expect(collector.raw).not.toContain(hidden);
  });

  it('are the metrics of both processes too, and the same at /metrics', async () => {
    const names = (service: string) => collector.metrics.get(service) ?? new Set();
    while (!names('gatehouse-traced').has('mcp.server.operation.duration'))
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect([...names('gatehouse-gateway')]).toEqual(
      expect.arrayContaining(['mcp.server.operation.duration', 'gatehouse.calls', 'process.memory.usage']),
    );
    for (const { adminPort } of [gateway, worker]) {
      const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
      expect(text).toMatch(/^mcp_server_operation_duration_seconds_count\{.*gen_ai_tool_name="look-up".*\} \d+$/m);
    }
  });
});

describe('telemetry', () => {
  it('goes through the SDK that a process has already, once', async () => {
    await worker.stop();
    const preload = new URL('telemetry/own-sdk.ts', import.meta.url).href;
    worker = await startAppProcess('test/system/telemetry/traced-worker.ts', 'WORKER_ADMIN_PORT', shared, {
      nodeOptions: ['--import', preload],
    });
    let answer: Answer;
    const { traceId, traceparent } = clientTrace();
    do answer = await callTool('look-up', { traceparent });
    while (answer.error);
    await collector.trace(traceId, 3);
    const ofWorker = collector.spans.filter((span) => span.traceId === traceId && span.service === 'own-sdk');
    expect(ofWorker.map(({ name }) => name).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      'query the database',
      'tools/call look-up',
    ]);
    expect(collector.spans.filter((span) => span.traceId === traceId && span.service === 'gatehouse-traced')).toEqual(
      [],
    );
    expect(worker.log()).not.toContain('telemetry');
  });

  it('costs a warning and no call while its collector is away, and does not keep a process from ending', async () => {
    const port = await findFreePort();
    const alone = await startAppProcess('dist/apps/gateway/main.js', 'GATEWAY_ADMIN_PORT', {
      ...shared,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await findFreePort()}`,
      GATEWAY_PORT: String(port),
      GATEWAY_PUBLIC_URL: new URL(mcpUrl).origin,
      AUTH_ISSUER: issuerUrl,
    });
    const call = () => callTool('look-up', {}, {}, `http://localhost:${port}/mcp`);
    expect((await call()).result?.isError).toBeUndefined();
    while (!alone.log().includes('telemetry cannot be sent')) await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await call()).result?.isError).toBeUndefined();
    expect(alone.log().match(/telemetry cannot be sent/g)).toHaveLength(1);
    const startedAt = performance.now();
    await alone.stop();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(alone.child.exitCode).toBe(0);
  });
});

describe('the guide to observing', () => {
  it('lists every metric of gateway and worker by name, kind and labels, and no other', async () => {
    const guide = readFileSync(new URL('../../docs/guides/observe.md', import.meta.url), 'utf8');
    const rows = [...guide.matchAll(/^\| `(\w+)` \| ([\w, ]+) \| (counter|gauge|histogram) \|/gm)];
    const documented = (process: string) =>
      rows
        .filter(([, , processes]) => processes === 'all' || processes?.split(', ').includes(process))
        .map(([, name, , kind]) => `${name} ${kind}`);
    const shown = async ({ adminPort }: AppProcess) => {
      const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
      return [...text.matchAll(/^# TYPE (.*)$/gm)].map(([, typed]) => typed);
    };
    expect(new Set(await shown(gateway))).toEqual(new Set(documented('gateway')));
    expect(new Set(await shown(worker))).toEqual(new Set(documented('worker')));
  });

  it('names every label that a metric has', async () => {
    const guide = readFileSync(new URL('../../docs/guides/observe.md', import.meta.url), 'utf8');
    for (const { adminPort } of [gateway, worker]) {
      const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
      for (const [, metric, pairs] of text.matchAll(/^(\w+?)(?:_bucket|_sum|_count)?\{(.*)\} /gm)) {
        const row = guide.split('\n').find((line) => line.startsWith(`| \`${metric}\` |`));
        const labels = [...(pairs ?? '').matchAll(/(\w+)="/g)].map(([, label]) => label);
        expect(labels.filter((label) => label !== 'le' && !row?.includes(`\`${label}\``))).toEqual([]);
      }
    }
  });
});
