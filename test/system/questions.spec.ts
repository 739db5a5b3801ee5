import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAskingStack } from '../support/asking-stack.ts';
import type { AskingStack } from '../support/asking-stack.ts';
import { callMcp } from '../support/call-mcp.ts';

let stack: AskingStack;

beforeAll(async () => {
  stack = await startAskingStack();
}, 120_000);
afterAll(() => stack.stop());

/** Everything that a client was asked, in order. */
interface Asked {
  method: string;
  params: Record<string, unknown> | undefined;
}

/** The official client, unmodified, able to answer everything; its requests go to the gateways in turn. */
async function connect(
  asked: Asked[],
  answerForm: () => object = () => ({ action: 'accept', content: { name: 'Ada' } }),
) {
  let requests = 0;
  const token = await stack.issueToken();
  const inTurn = (url: string | URL, init?: RequestInit) => {
    const target = new URL(stack.urls[requests++ % 2] ?? '');
    return fetch(new URL(new URL(url).pathname, target), init);
  };
  const capabilities = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
  const client = new Client(
    { name: 'official', version: '1.0.0' },
    { capabilities, versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  client.setRequestHandler('elicitation/create', ({ method, params }) => {
    asked.push({ method, params: { ...params } });
    return (params.mode === 'url' ? { action: 'accept' } : answerForm()) as { action: 'accept' };
  });
  client.setRequestHandler('sampling/createMessage', ({ method, params }) => {
    asked.push({ method, params: { ...params } });
    return { role: 'assistant', model: 'test', content: { type: 'text', text: 'Good day' } };
  });
  client.setRequestHandler('roots/list', ({ method, params }) => {
    asked.push({ method, params });
    return { roots: [{ uri: 'file:///home/ada', name: 'Home' }] };
  });
  const headers = { authorization: `Bearer ${token}` };
  await client.connect(
    new StreamableHTTPClientTransport(new URL(stack.urls[0]), { fetch: inTurn, requestInit: { headers } }),
  );
  return client;
}

const ableToAnswer = {
  'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
};

interface RawAnswer {
  status: number;
  result?: {
    resultType: string;
    requestState: string;
    inputRequests: Record<string, unknown>;
    content: { text: string }[];
  };
  error?: { code: number; message: string; data?: unknown };
}

/** One round by hand, at one gateway. */
async function send(
  gateway: number,
  token: string,
  params: Record<string, unknown>,
  meta: object = ableToAnswer,
): Promise<RawAnswer> {
  const { status, body } = await callMcp(stack.urls[gateway] ?? '', token, 'tools/call', params, { meta });
  return { status, ...body } as RawAnswer;
}

const accept = (content: object) => ({ action: 'accept', content });

describe('@modelcontextprotocol/client 2.4.0, unmodified, through two gateways and two workers', () => {
  it('is asked by a form, a URL, for sampling and for roots, and gets the result', async () => {
    const asked: Asked[] = [];
    const client = await connect(asked);
    const { content } = await client.callTool({ name: 'order', arguments: { id: 'A-1' } });
    expect(content).toEqual([{ type: 'text', text: 'reserved A-1, Ada, slowly, accept, Good day, file:///home/ada' }]);
    expect(asked.map(({ method }) => method)).toEqual([
      'elicitation/create',
      'elicitation/create',
      'sampling/createMessage',
      'roots/list',
    ]);
    expect(asked[0]?.params).toMatchObject({
      mode: 'form',
      message: 'Who gets it?',
      requestedSchema: { properties: { name: { type: 'string', minLength: 2 }, express: { default: false } } },
    });
    expect(asked[1]?.params).toMatchObject({ mode: 'url', url: 'https://shop.example/pay/A-1' });
    await client.close();
  });

  it('is asked by prompts and resources as well', async () => {
    const client = await connect([]);
    expect(await client.getPrompt({ name: 'letter' })).toMatchObject({
      messages: [{ content: { text: 'Write to Ada.' } }],
    });
    expect(await client.readResource({ uri: 'asking://reports/7' })).toMatchObject({
      contents: [{ text: 'Report 7 for Ada' }],
    });
    await client.close();
  });

  it('may decline, and is asked again when its answer does not fit', async () => {
    const declining = await connect([], () => ({ action: 'decline' }));
    const { content } = await declining.callTool({ name: 'order', arguments: { id: 'A-2' } });
    expect(content).toMatchObject([{ text: 'reserved A-2, declined' }]);
    await declining.close();
    const names = ['A', 'Ada'];
    const asked: Asked[] = [];
    const client = await connect(asked, () => accept({ name: names.shift() }));
    expect(await client.getPrompt({ name: 'letter' })).toMatchObject({
      messages: [{ content: { text: 'Write to Ada.' } }],
    });
    expect(asked).toHaveLength(2);
    await client.close();
  });

  it('has each step run once, though every round may run in another worker', async () => {
    const client = await connect([]);
    const ids = Array.from({ length: 20 }, (_, number) => `B-${number}`);
    await Promise.all(ids.map((id) => client.callTool({ name: 'order', arguments: { id } })));
    const runs = stack.runs();
    for (const id of ids) {
      expect(runs.filter(({ what }) => what === `reserve:${id}`)).toHaveLength(1);
      expect(runs.filter(({ what }) => what === `done:${id}`)).toHaveLength(1);
      expect(runs.filter(({ what }) => what === `run:${id}`)).toHaveLength(4);
    }
    const pidsOf = (id: string) => new Set(runs.filter(({ what }) => what === `run:${id}`).map(({ pid }) => pid));
    expect(ids.filter((id) => pidsOf(id).size === 2).length).toBeGreaterThan(0);
    await client.close();
  });

  it('goes on after the death of the worker that asked', async () => {
    const id = 'C-1';
    const token = await stack.issueToken();
    const first = await send(0, token, { name: 'order', arguments: { id } });
    const { pid } = stack.runs().find(({ what }) => what === `run:${id}`) ?? {};
    const asker = stack.workers.find((worker) => worker.pid === pid);
    asker?.child.kill('SIGKILL');
    await asker?.ended;
    await stack.startWorker();
    const { result } = await send(1, token, {
      name: 'order',
      arguments: { id },
      inputResponses: { who: accept({ name: 'Ada' }) },
      requestState: first.result?.requestState,
    });
    expect(Object.keys(result?.inputRequests ?? {})).toEqual(['pay']);
    expect(stack.runs().filter(({ what }) => what === `reserve:${id}`)).toHaveLength(1);
  });
});

describe('a requestState on the wire', () => {
  const begin = async (token: string, name: string, id: string) => {
    const { result } = await send(0, token, { name, arguments: { id } });
    expect(result).toMatchObject({
      resultType: 'input_required',
      requestState: expect.stringMatching(/^[\w-]{100,}$/),
    });
    return result?.requestState ?? '';
  };

  it('is -32602 when it was changed, or comes from another account, tool or call', async () => {
    const token = await stack.issueToken();
    const requestState = await begin(token, 'order', 'D-1');
    const inputResponses = { who: accept({ name: 'Eve' }), sure: accept({}) };
    const order = { name: 'order', arguments: { id: 'D-1' }, inputResponses, requestState };
    const refused = { status: 200, error: { code: -32602 } };
    expect(await send(1, token, { ...order, requestState: `${requestState}-TAMPERED` })).toMatchObject(refused);
    expect(await send(1, await stack.issueToken(), order)).toMatchObject(refused);
    expect(await send(1, token, { ...order, name: 'redeem' })).toMatchObject(refused);
    expect(await send(1, token, { ...order, arguments: { id: 'D-2' } })).toMatchObject(refused);
    expect(stack.runs().filter(({ what }) => what === 'run:D-2')).toEqual([]);
    expect((await send(1, token, order)).result).toMatchObject({ inputRequests: { pay: {} } });
  });

  it('is used once where the tool says so, whichever gateway it comes through', async () => {
    const token = await stack.issueToken();
    for (let round = 0; round < 5; round++) {
      const id = `E-${round}`;
      const requestState = await begin(token, 'redeem', id);
      const retry = { name: 'redeem', arguments: { id }, inputResponses: { sure: accept({}) }, requestState };
      const answers = await Promise.all(Array.from({ length: 6 }, (_, index) => send(index % 2, token, retry)));
      expect(answers.filter(({ result }) => result?.content[0]?.text === 'accept')).toHaveLength(1);
      expect(answers.filter(({ error }) => error?.code === -32602)).toHaveLength(5);
      expect(stack.runs().filter(({ what }) => what === `redeem:${id}`)).toHaveLength(1);
    }
  });

  it('cannot be left out to redeem twice: answers without a state are asked for again', async () => {
    const token = await stack.issueToken();
    const retry = { name: 'redeem', arguments: { id: 'F-1' }, inputResponses: { sure: accept({}) } };
    expect((await send(0, token, retry)).result).toMatchObject({ inputRequests: { sure: {} } });
    expect(stack.runs().filter(({ what }) => what === 'redeem:F-1')).toEqual([]);
  });
});

describe('a client that cannot be asked', () => {
  it('gets -32021 with HTTP 400 and what it would have to declare', async () => {
    const meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { url: {} } } };
    const answer = await send(0, await stack.issueToken(), { name: 'order', arguments: { id: 'G-1' } }, meta);
    expect(answer).toMatchObject({
      status: 400,
      error: { code: -32021, data: { requiredCapabilities: { elicitation: { form: {} } } } },
    });
  });
});
