import { randomBytes } from 'node:crypto';
import { connectNats, inboxPrefix, serveCalls } from '@gatehouse/messaging';
import type { CallHandler, CallServer, NatsConnection, NatsRole } from '@gatehouse/messaging';
import type { ServerDefinitions } from '@gatehouse/protocol';
import { createLogger, loadSettings } from '@gatehouse/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { gatewaySettings } from '../src/config.ts';
import { startGateway } from '../src/start-gateway.ts';
import type { RunningGateway } from '../src/start-gateway.ts';
import { callMcp } from '../../../test/support/call-mcp.ts';
import type { Answer } from '../../../test/support/call-mcp.ts';
import { startTestGateway, waitUntil } from './support/test-gateway.ts';
import type { TestGateway } from './support/test-gateway.ts';

const server = `shop-${randomBytes(4).toString('hex')}`;
const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
const inputSchema = { type: 'object' };
const definitions: ServerDefinitions = {
  server,
  version: '1.0.0',
  completions: false,
  logging: false,
  uriPrefixes: [],
  tools: [
    { name: 'redeem', inputSchema, annotations: { idempotentHint: true }, gatehouse: { singleUseState: true } },
    { name: 'look', inputSchema },
    { name: 'hang', inputSchema, gatehouse: { singleUseState: true, timeoutMs: 300 } },
  ],
  resources: [],
  resourceTemplates: [],
  prompts: [],
};

describe('a tool whose states may be used once', () => {
  let test: TestGateway;
  let replica: RunningGateway;
  let connection: NatsConnection;
  let worker: CallServer;
  let token: string;
  let executed: string[] = [];
  /** What the worker does with a call, beside counting it. */
  let handle: CallHandler;

  const complete: CallHandler = async ({ body }) => {
    const { id } = JSON.parse(Buffer.from(body).toString()) as { id: number };
    const result = { resultType: 'complete', content: [] };
    return {
      kind: 'result',
      resultType: 'complete',
      body: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, result })),
    };
  };
  const connect = () => {
    const identity: NatsRole = { role: 'worker', tenant: test.tenant, servers: [server] };
    const servers = process.env.GATEHOUSE_TEST_NATS_URL ?? '';
    return connectNats({ servers, name: 'shop', inboxPrefix: inboxPrefix(identity), logger });
  };
  const serve = (on = connection, answer: CallHandler = (call) => handle(call)) =>
    serveCalls({
      connection: on,
      tenant: test.tenant,
      servers: [
        {
          definitions,
          handler: (call) => {
            const { params } = JSON.parse(Buffer.from(call.body).toString()) as { params: { requestState?: string } };
            executed.push(`${call.name} ${params.requestState}`);
            return answer(call);
          },
        },
      ],
      concurrency: 8,
      logger,
    });
  const urls = () => [`${test.url}/mcp`, `http://127.0.0.1:${replica.port}/mcp`];
  const call = (tool: string, requestState: unknown, url = urls()[0] ?? ''): Promise<Answer> =>
    callMcp(url, token, 'tools/call', { name: `${server}__${tool}`, arguments: {}, requestState });
  const listed = (url: string) => async () => {
    const { body } = await call('look', undefined, url);
    return body.result !== undefined;
  };

  beforeAll(async () => {
    test = await startTestGateway();
    replica = await startGateway(loadSettings(gatewaySettings, test.environment), logger);
    token = await test.token({ scope: `mcp ${server}:read ${server}:write` });
    connection = await connect();
    handle = complete;
    worker = serve();
    await worker.ready;
    for (const url of urls()) await waitUntil(listed(url));
  });
  beforeEach(() => {
    executed = [];
    handle = complete;
  });
  afterAll(async () => {
    await worker.drain();
    await connection.close();
    await replica.stop();
    await test.stop();
  });

  it('gets each state once, whichever gateway it comes through: -32602 from then on', async () => {
    for (let round = 0; round < 5; round++) {
      const state = randomBytes(200).toString('base64url');
      const answers = await Promise.all(Array.from({ length: 8 }, (_, at) => call('redeem', state, urls()[at % 2])));
      const refusals = answers.filter(({ body }) => body.error);
      expect(refusals).toHaveLength(7);
      for (const { status, body } of refusals) {
        expect({ status, code: body.error?.code }).toEqual({ status: 200, code: -32602 });
        expect(body.error?.message).toMatch(/^requestState has been used/);
      }
    }
    expect(executed).toHaveLength(5);
  });

  it('gets calls without a state as often as they come, and so does any other tool', async () => {
    for (const [tool, state] of [
      ['redeem', undefined],
      ['look', 'same'],
      ['redeem', 7],
    ] as const) {
      expect((await call(tool, state)).body.error).toBeUndefined();
      expect((await call(tool, state)).body.error).toBeUndefined();
    }
    expect(executed).toHaveLength(6);
  });

  it('keeps a state used when the worker failed, or did not answer in time', async () => {
    handle = () => Promise.reject(new Error('the worker failed'));
    expect((await call('redeem', 'state of a failed call')).body.error).toMatchObject({ code: -32603 });
    handle = ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => setTimeout(() => reject(new Error('stopped late')), 500));
      });
    const expired = await call('hang', 'state of a call without answer');
    expect(expired.body.error).toMatchObject({ code: -31003, data: { executed: 'unknown' } });
    handle = complete;
    expect((await call('redeem', 'state of a failed call')).body.error).toMatchObject({ code: -32602 });
    expect((await call('hang', 'state of a call without answer')).body.error).toMatchObject({ code: -32602 });
    expect(executed).toHaveLength(2);
  });

  it('is not called a second time when its worker dies, though it calls itself idempotent', async () => {
    const dying = await connect();
    const second = serve(dying, () => new Promise(() => {}));
    await second.ready;
    const states = Array.from({ length: 8 }, (_, index) => `state ${index} of a worker that dies`);
    // So many at once that the second worker gets some of them.
    const answering = Promise.all(states.map((state) => call('redeem', state)));
    await waitUntil(() => executed.length === states.length);
    await dying.close();
    const lost = (await answering).flatMap(({ body }) => body.error ?? []);
    expect(lost.length).toBeGreaterThan(0);
    for (const error of lost) expect(error).toMatchObject({ code: -31002, data: { executed: 'unknown' } });
    expect(executed.toSorted()).toEqual(states.map((state) => `redeem ${state}`));
  });

  it('gives the state back when the call did not run, so that "try again" is true', async () => {
    await worker.drain();
    const unavailable = await call('redeem', 'state of a call that did not run');
    expect(unavailable.body.error).toMatchObject({ code: -31001, data: { executed: 'no', retryable: true } });
    worker = serve();
    await worker.ready;
    await waitUntil(listed(`${test.url}/mcp`));
    expect((await call('redeem', 'state of a call that did not run')).body.error).toBeUndefined();
  });
});
