import { JsonRpcError, MetaKey } from '@gatehouse/protocol';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { CallContext } from '../context.ts';
import { Tool } from '../decorators.ts';
import { ExpectedError } from '../errors.ts';
import { createTestServer } from '../testing/test-server.ts';

const image = { type: 'image' as const, data: 'AAAA', mimeType: 'image/png' };
const contentful = z.object({ content: z.array(z.object({ type: z.string() })) });

class Tools {
  @Tool({
    description: 'Current temperature.',
    input: z.object({ city: z.string(), days: z.coerce.number().int().default(1) }),
    output: z.object({ city: z.string(), days: z.number(), celsius: z.number() }),
  })
  current({ city, days }: { city: string; days: number }) {
    return { city, days, celsius: 21, secret: 'not in the schema' };
  }

  @Tool({ description: 'Does not keep its own schema.', output: z.object({ celsius: z.number() }) })
  broken(): { celsius: number } {
    return { celsius: 'warm' as unknown as number };
  }

  @Tool({ description: 'Returns what it is told.', input: z.object({ what: z.string() }) })
  anything({ what }: { what: string }): unknown {
    const values: Record<string, unknown> = {
      text: 'plain',
      number: 42,
      nothing: undefined,
      block: image,
      blocks: [image, { type: 'text', text: 'caption' }],
      object: { a: 1 },
      whole: { content: [image], structuredContent: { a: 1 }, _meta: { 'example/key': 'kept' } },
      question: { resultType: 'input_required', requestState: 'state', inputRequests: {} },
      'dead end': { resultType: 'input_required' },
      unserializable: 10n,
    };
    return values[what];
  }

  @Tool({ description: 'Asks.', input: z.object({ method: z.string(), params: z.record(z.string(), z.unknown()) }) })
  ask({ method, params }: { method: string; params: Record<string, unknown> }) {
    return { resultType: 'input_required', inputRequests: { key: { method, params } } };
  }

  @Tool({ description: 'Reports without end.' })
  flood(_none: object, { progress, log }: CallContext) {
    for (let step = 1; step <= 1_000; step++) progress(step, 1_000);
    for (let step = 1; step <= 1_000; step++) log('info', step);
  }

  @Tool({
    description: 'Whole results beside an output schema.',
    input: z.object({ fail: z.boolean() }),
    output: contentful,
  })
  whole({ fail }: { fail: boolean }) {
    if (fail) return { content: [{ type: 'text' as const, text: 'no luck' }], isError: true };
    return { content: [image], structuredContent: { content: [{ type: 'image', extra: 1 }] } };
  }

  @Tool({ description: 'Its value looks like a whole result.', output: contentful })
  lookalike() {
    return { content: [{ type: 'text' }] };
  }

  @Tool({ description: 'Fails.', input: z.object({ how: z.string() }) })
  fail({ how }: { how: string }): string {
    if (how === 'expected') throw new ExpectedError('There is no such city: use list_cities.');
    if (how === 'rpc') throw new JsonRpcError(-31005, 'Busy', { data: { executed: 'no' } });
    if (how === 'credentials') throw new Error('cannot reach https://user:hunter2@db.example/');
    if (how === 'text') throw 'just text' as unknown as Error;
    if (how === 'no text form') throw Object.create(null) as Error;
    if (how === 'message without text') throw Object.assign(new Error('x'), { message: 404 });
    if (how === 'message that throws') {
      throw Object.defineProperty(new Error('x'), 'message', {
        get: () => {
          throw new Error('unreadable');
        },
      });
    }
    throw new Error(how);
  }

  @Tool({ description: 'Tells its context.' })
  context(_none: object, { principal, clientCapabilities, inputResponses }: CallContext) {
    return JSON.stringify({ accountId: principal.accountId, clientCapabilities, inputResponses });
  }

  @Tool({ description: 'Reports.' })
  report(_none: object, context: CallContext) {
    for (const progress of [0, 50, 50, 40, 100]) context.progress(progress, 100, `at ${progress}`);
    for (const level of ['debug', 'info', 'error'] as const) context.log(level, { level }, 'reporter');
    return 'done';
  }

  @Tool({ description: 'Waits.' })
  wait(_none: object, { signal }: CallContext): Promise<string> {
    return new Promise((_resolve, reject) => {
      const stop = () => reject(new ExpectedError('stopped'));
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop);
    });
  }
}

const server = createTestServer({ server: 'weather', version: '1.2.3' }, [new Tools()]);

describe('tools/call', () => {
  it('validates arguments, fills in defaults and answers structuredContent with its JSON as text', async () => {
    const { frame, result } = await server.callTool('current', { city: 'Bern', days: '3' });
    const value = { city: 'Bern', days: 3, celsius: 21 };
    expect(result).toEqual({
      resultType: 'complete',
      content: [{ type: 'text', text: JSON.stringify(value) }],
      structuredContent: value,
      _meta: { [MetaKey.serverInfo]: { name: 'weather', version: '1.2.3' } },
    });
    expect(frame).toMatchObject({ kind: 'result', resultType: 'complete' });
  });

  it.each([
    ['a missing field', 'current', {}, /^Invalid arguments for current - city: .*string/],
    ['a wrong type', 'current', { city: 1 }, /city: .*expected string, received number/],
    ['two faults', 'current', { city: 1, days: 1.5 }, /city: .*; days: /],
    ['arguments where there are none', 'wait', { city: 'x' }, /^Invalid arguments for wait - city: the tool takes no/],
  ])('answers %s with isError, naming the field (Tools §Error Handling)', async (_case, tool, given, expected) => {
    const { frame, result } = await server.callTool(tool, given);
    expect(frame).toMatchObject({ kind: 'result', isError: true });
    expect(result).toMatchObject({ isError: true, content: [{ type: 'text', text: expect.stringMatching(expected) }] });
  });

  it.each([
    ['text', [{ type: 'text', text: 'plain' }]],
    ['number', [{ type: 'text', text: '42' }]],
    ['nothing', []],
    ['block', [image]],
    ['blocks', [image, { type: 'text', text: 'caption' }]],
    ['object', [{ type: 'text', text: '{"a":1}' }]],
  ])('turns %s into content when there is no output schema', async (what, content) => {
    const { result } = await server.callTool('anything', { what });
    expect(result).toMatchObject({ resultType: 'complete', content });
    expect(result).not.toHaveProperty('structuredContent');
  });

  it('passes a whole result through and adds serverInfo to its _meta', async () => {
    const { result } = await server.callTool('anything', { what: 'whole' });
    expect(result).toEqual({
      resultType: 'complete',
      content: [image],
      structuredContent: { a: 1 },
      _meta: { 'example/key': 'kept', [MetaKey.serverInfo]: { name: 'weather', version: '1.2.3' } },
    });
  });

  it('passes a raw input_required result through', async () => {
    const { frame, result } = await server.callTool('anything', { what: 'question' });
    expect(result).toMatchObject({ resultType: 'input_required', inputRequests: {} });
    expect(frame.resultType).toBe('input_required');
  });

  it('validates structuredContent of whole results, but not of failed ones', async () => {
    const { result } = await server.callTool('whole', { fail: false });
    expect(result).toMatchObject({ content: [image], structuredContent: { content: [{ type: 'image' }] } });
    const failed = await server.callTool('whole', { fail: true });
    expect(failed.result).toMatchObject({ isError: true, content: [{ text: 'no luck' }] });
  });

  it('takes a value with `content` for a value when the tool has an output schema', async () => {
    const { result } = await server.callTool('lookalike');
    expect(result.structuredContent).toEqual({ content: [{ type: 'text' }] });
  });

  it('answers isError when a tool breaks its own output schema', async () => {
    const { result } = await server.callTool('broken');
    expect(result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/output schema - celsius/) }],
    });
  });

  it.each([
    ['expected', 'There is no such city: use list_cities.'],
    ['something unforeseen', 'something unforeseen'],
    ['text', 'just text'],
    ['credentials', 'cannot reach https://user:[masked]@db.example/'],
    ['no text form', 'The tool failed without a message.'],
    ['message without text', 'The tool failed without a message.'],
    ['message that throws', 'The tool failed without a message.'],
  ])('answers a thrown error (%s) with isError and its message only', async (how, text) => {
    const { result } = await server.callTool('fail', { how });
    expect(result).toMatchObject({ isError: true, content: [{ type: 'text', text }] });
    expect(JSON.stringify(result)).not.toContain('tools.spec');
  });

  it('answers isError to a value that has no JSON', async () => {
    const { result } = await server.callTool('anything', { what: 'unserializable' });
    expect(result).toMatchObject({ isError: true });
  });

  it('answers a thrown JsonRpcError as a JSON-RPC error', async () => {
    const { frame, error } = await server.callTool('fail', { how: 'rpc' });
    expect(error).toEqual({ code: -31005, message: 'Busy', data: { executed: 'no' } });
    expect(frame).toMatchObject({ kind: 'error', errorCode: -31005 });
  });

  it('answers -32602 to an unknown tool and to arguments that are no object', async () => {
    expect((await server.callTool('missing')).error).toEqual({ code: -32602, message: 'Unknown tool: missing' });
    const malformed = await server.callTool('current', {}, { params: { arguments: ['Bern'] } });
    expect(malformed.error).toMatchObject({ code: -32602 });
  });

  it('answers -32601 to a method that workers do not have', async () => {
    expect((await server.call('tools/list', '')).error).toMatchObject({ code: -32601 });
  });
});

describe('an input_required result', () => {
  const ask = (method: string, params: object, declared: object) =>
    server.callTool('ask', { method, params }, { meta: { [MetaKey.clientCapabilities]: declared } });

  it.each([
    ['elicitation/create', {}, { elicitation: {} }],
    ['elicitation/create', { mode: 'url' }, { elicitation: { url: {} } }],
    ['sampling/createMessage', {}, { sampling: {} }],
    ['sampling/createMessage', { tools: [] }, { sampling: { tools: {} } }],
    ['roots/list', {}, { roots: {} }],
  ])('may ask for %s %j when the client declares it', async (method, params, declared) => {
    const { result } = await ask(method, params, declared);
    expect(result).toMatchObject({ resultType: 'input_required', inputRequests: { key: { method } } });
  });

  it.each([
    ['elicitation/create', {}, {}, { elicitation: { form: {} } }],
    ['elicitation/create', { mode: 'url' }, { elicitation: {} }, { elicitation: { url: {} } }],
    ['sampling/createMessage', {}, { elicitation: {} }, { sampling: {} }],
    ['sampling/createMessage', { tools: [] }, { sampling: {} }, { sampling: { tools: {} } }],
    ['roots/list', {}, {}, { roots: {} }],
  ])('never asks for %s %j undeclared: -32021', async (method, params, declared, requiredCapabilities) => {
    const { error, frame } = await ask(method, params, declared);
    expect(error).toMatchObject({ code: -32021, data: { requiredCapabilities } });
    expect(frame).toMatchObject({ kind: 'error', errorCode: -32021 });
  });

  it('answers -32603 when the client could not go on from it', async () => {
    const message = 'An input_required result cannot ask for tools/call ("key").';
    expect((await ask('tools/call', {}, {})).error).toEqual({ code: -32603, message });
    expect((await server.callTool('anything', { what: 'dead end' })).error).toMatchObject({ code: -32603 });
  });
});

describe('the context', () => {
  it('tells who calls, what the client can do and the answers it brought', async () => {
    const { result } = await server.callTool('context', undefined, {
      params: { inputResponses: { name: { action: 'accept' } } },
      meta: { [MetaKey.clientCapabilities]: { elicitation: {} } },
      principal: { accountId: 'alice' },
    });
    expect(JSON.parse((result.content as { text: string }[])[0]?.text ?? '')).toEqual({
      accountId: 'alice',
      clientCapabilities: { elicitation: {} },
      inputResponses: { name: { action: 'accept' } },
    });
  });

  it('reports progress only to a request with a token, and only when it increases', async () => {
    const { notifications } = await server.callTool('report', undefined, { meta: { progressToken: 'token' } });
    expect(notifications.map(({ method, params }) => [method, params])).toEqual(
      [0, 50, 100].map((progress) => [
        'notifications/progress',
        { progressToken: 'token', progress, total: 100, message: `at ${progress}` },
      ]),
    );
    expect((await server.callTool('report')).notifications).toEqual([]);
  });

  it('logs only to a request that asked for a level, and only from that level on', async () => {
    const { notifications } = await server.callTool('report', undefined, { meta: { [MetaKey.logLevel]: 'info' } });
    expect(notifications).toEqual(
      ['info', 'error'].map((level) => ({
        jsonrpc: '2.0',
        method: 'notifications/message',
        params: { level, logger: 'reporter', data: { level } },
      })),
    );
  });

  it('drops notifications beyond the rate, but not the end of the progress', async () => {
    const meta = { progressToken: 1, [MetaKey.logLevel]: 'debug' };
    const { notifications } = await server.callTool('flood', undefined, { meta });
    expect(notifications.length).toBeGreaterThanOrEqual(100);
    expect(notifications.length).toBeLessThan(200);
    const progress = notifications.filter(({ method }) => method === 'notifications/progress');
    expect(progress.at(-1)?.params).toMatchObject({ progress: 1_000 });
  });

  it('answers -32602 to an unknown log level (Logging §Error Handling)', async () => {
    const { error } = await server.callTool('report', undefined, { meta: { [MetaKey.logLevel]: 'loud' } });
    expect(error).toMatchObject({ code: -32602 });
  });

  it('carries the AbortSignal of the call', async () => {
    const controller = new AbortController();
    const answer = server.callTool('wait', undefined, { signal: controller.signal });
    controller.abort();
    expect((await answer).result).toMatchObject({ isError: true, content: [{ text: 'stopped' }] });
  });
});
