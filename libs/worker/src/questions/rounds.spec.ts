import { setTimeout as delay } from 'node:timers/promises';
import { requestStateMaxAgeMs } from '@gatehouse/messaging';
import { MetaKey } from '@gatehouse/protocol';
import type { Logger } from '@gatehouse/runtime';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { CallContext } from '../context.ts';
import { Prompt, Resource, ResourceTemplate, Tool } from '../decorators.ts';
import { ContextMisuseError } from '../errors.ts';
import { createTestServer } from '../testing/test-server.ts';
import type { TestCall } from '../testing/test-server.ts';
import { InputRequired } from './input-required.ts';
import type { Question } from './question.ts';
import { RequestStateTooLargeError } from './request-state.ts';

const nameForm = { message: 'Your name?', schema: z.object({ name: z.string().min(1) }) };
const hello = { messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'Hi' } }], maxTokens: 5 };
const named = (name: string) => ({ action: 'accept', content: { name } });
const sampled = { role: 'assistant', content: { type: 'text', text: 'Good day' }, model: 'm' };
const rooted = { roots: [{ uri: 'file:///home' }] };

/** What a test has a tool do; each call of a tool runs it. */
let script: (context: CallContext) => unknown;
let runs = 0;

class Asks {
  @Tool({ description: 'Runs the script.', input: z.object({ order: z.unknown() }).partial() })
  async tool(_input: object, context: CallContext) {
    runs++;
    return script(context);
  }

  @Tool({ description: 'Another tool that runs the script.', input: z.object({ order: z.unknown() }).partial() })
  async other(_input: object, context: CallContext) {
    return script(context);
  }

  @Tool({ description: 'Runs the script; each state counts once.', singleUseState: true })
  async once(_none: object, context: CallContext) {
    return script(context);
  }

  @Tool({ description: 'Promises a name.', output: z.object({ name: z.string() }) })
  async promised(_none: object, context: CallContext) {
    return (await script(context)) as { name: string };
  }

  @Prompt({ description: 'Asks.' })
  async prompt(_none: object, context: CallContext): Promise<string> {
    return (await script(context)) as string;
  }

  @Resource({ uri: 'test://one', description: 'Asks.', ttlMs: 60_000, cacheScope: 'public' })
  async one(context: CallContext): Promise<string> {
    return (await script(context)) as string;
  }

  @ResourceTemplate({ uriTemplate: 'test://many/{id}', description: 'Asks.' })
  async many(_variables: { id: string }, context: CallContext): Promise<string> {
    return (await script(context)) as string;
  }
}

/** What was logged: the message with its fields. */
const logged: Record<string, unknown>[] = [];
const log = (fields: object, msg: string) => void logged.push({ ...fields, msg });
const logger = { warn: log, error: log } as unknown as Logger;
const server = createTestServer({ server: 'asks', version: '1.0.0' }, [new Asks()], logger);
const able = { [MetaKey.clientCapabilities]: { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} } };

/** One round of a capable client. */
function round(params: TestCall['params'] = {}, call: TestCall = {}) {
  return server.callTool('tool', undefined, { meta: able, ...call, params });
}

async function askName({ elicit }: CallContext): Promise<string> {
  const answer = await elicit('name', nameForm);
  return answer.action === 'accept' ? `Hello, ${answer.content.name}!` : `No name: ${answer.action}`;
}

afterEach(() => {
  runs = 0;
  logged.length = 0;
  vi.useRealTimers();
});

describe('a question without an answer', () => {
  it('ends the run with an input_required result that has the question and a sealed state', async () => {
    script = askName;
    const { result, frame } = await round();
    expect(result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { name: { method: 'elicitation/create', params: { mode: 'form', message: 'Your name?' } } },
      requestState: expect.stringMatching(/^[\w-]+$/),
    });
    expect(frame).toMatchObject({ kind: 'result', resultType: 'input_required' });
    expect(logged).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['accept', named('Ada'), 'Hello, Ada!'],
    ['decline', { action: 'decline' }, 'No name: decline'],
    ['cancel', { action: 'cancel' }, 'No name: cancel'],
  ])('is answered by the retry, with a state or without: %s', async (_action, response, text) => {
    script = askName;
    const { requestState } = (await round()).result;
    for (const state of [{ requestState }, {}]) {
      const { result } = await round({ inputResponses: { name: response }, ...state });
      expect(result).toMatchObject({ resultType: 'complete', content: [{ text }] });
    }
  });

  it.each<[string, object]>([
    ['no answers', {}],
    ['an unknown key only', { other: named('Ada') }],
    ['a malformed answer', { name: 12_345 }],
    ['an answer that does not fit the form', { name: named('') }],
    ['the answer to another kind of question', { name: sampled }],
  ])('is asked again when the retry brings %s', async (_what, inputResponses) => {
    script = askName;
    const { requestState } = (await round()).result;
    const { result } = await round({ inputResponses, requestState });
    expect(Object.keys(result.inputRequests as object)).toEqual(['name']);
  });

  it('is asked of tools, prompts, resources and templates alike', async () => {
    script = askName;
    const call = { answers: { name: named('Ada') } };
    const asked = [{ name: expect.anything() }];
    expect(await server.callTool('tool', {}, call)).toMatchObject({ asked, result: { content: [{}] } });
    expect(await server.getPrompt('prompt', {}, call)).toMatchObject({ asked, result: { messages: [{}] } });
    const read = { contents: [{ text: 'Hello, Ada!' }], ttlMs: 0, cacheScope: 'private' };
    expect(await server.readResource('test://one', call)).toMatchObject({ asked, result: read });
    expect(await server.readResource('test://many/1', call)).toMatchObject({ asked, result: read });
  });

  it('leaves alone the output schema of its tool', async () => {
    script = async ({ elicit }) => {
      const answer = await elicit('name', nameForm);
      return answer.action === 'accept' ? answer.content : {};
    };
    const { result } = await server.callTool('promised', {}, { answers: { name: named('Ada') } });
    expect(result).toMatchObject({ structuredContent: { name: 'Ada' } });
  });

  it('may be about a page, a model or roots', async () => {
    script = async (context) => {
      const { action } = await context.elicit('page', { message: 'Connect', url: 'https://a.example' });
      const { model } = await context.sample('said', hello);
      const [root] = await context.listRoots('where');
      return `${action} ${model} ${root?.uri}`;
    };
    const answers = { page: { action: 'accept' }, said: sampled, where: rooted };
    const { result, asked } = await server.callTool('tool', {}, { answers });
    expect(asked.map((requests) => Object.keys(requests))).toEqual([['page'], ['said'], ['where']]);
    expect(result).toMatchObject({ content: [{ text: 'accept m file:///home' }] });
  });

  it('of several at once comes out in one round, with typed answers', async () => {
    script = async ({ ask }) => {
      const { who, said, where } = await ask({
        who: { elicit: nameForm },
        said: { sample: hello },
        where: { listRoots: true },
      });
      return `${who.action === 'accept' ? who.content.name : who.action} ${said.model} ${where.length}`;
    };
    const answers = { who: named('Ada'), said: sampled, where: rooted };
    const { result, asked } = await server.callTool('tool', {}, { answers });
    expect(asked.map((requests) => Object.keys(requests))).toEqual([['who', 'said', 'where']]);
    expect(result).toMatchObject({ content: [{ text: 'Ada m 1' }] });
  });

  it('of parallel branches comes out in one round, even where a branch waits for a finished step first', async () => {
    script = ({ elicit, listRoots, step }) =>
      Promise.all([
        elicit('name', nameForm),
        listRoots('where'),
        (async () => {
          await step('first', () => 1);
          for (let turn = 0; turn < 50; turn++) await Promise.resolve();
          return elicit('page', { message: 'Connect', url: 'https://a.example' });
        })(),
      ]);
    const answers = { name: named('Ada'), where: rooted, page: { action: 'accept' } };
    const { asked } = await server.callTool('tool', {}, { answers });
    expect(asked.map((requests) => Object.keys(requests))).toEqual([['name', 'where', 'page']]);
  });

  it('asks again only for what is missing', async () => {
    script = ({ ask }) => ask({ who: { elicit: nameForm }, where: { listRoots: true } });
    const first = await round();
    const { requestState } = first.result;
    const second = await round({ inputResponses: { where: rooted, who: { action: 'maybe' } }, requestState });
    expect(Object.keys(second.result.inputRequests as object)).toEqual(['who']);
  });
});

describe('answers of earlier rounds', () => {
  const askTwice = async ({ elicit }: CallContext) => {
    const first = await elicit('first', nameForm);
    const second = await elicit('second', nameForm);
    return JSON.stringify([first, second]);
  };

  it('need not be sent again: the state carries them', async () => {
    script = askTwice;
    const first = await round();
    const second = await round({
      inputResponses: { first: named('Ada') },
      requestState: first.result.requestState,
    });
    expect(Object.keys(second.result.inputRequests as object)).toEqual(['second']);
    expect(second.result.requestState).not.toBe(first.result.requestState);
    const third = await round({
      inputResponses: { second: named('Bea') },
      requestState: second.result.requestState,
    });
    expect(third.result).toMatchObject({ content: [{ text: JSON.stringify([named('Ada'), named('Bea')]) }] });
    expect(runs).toBe(3);
  });

  it('stay what they were, whatever a later round says', async () => {
    script = askTwice;
    const { requestState } = (await round({ inputResponses: { first: named('Ada') } })).result;
    const { result } = await round({
      inputResponses: { first: named('Eve'), second: named('Bea') },
      requestState,
    });
    expect(JSON.stringify(result)).toContain('Ada');
  });

  it('are asked again when they no longer fit the question, as after a new version', async () => {
    script = askTwice;
    const { requestState } = (await round({ inputResponses: { first: named('Ada') } })).result;
    script = async ({ elicit }) => {
      const answer = await elicit('first', { message: 'Age?', schema: z.object({ age: z.number() }) });
      return JSON.stringify(answer);
    };
    const asked = await round({ requestState });
    expect(Object.keys(asked.result.inputRequests as object)).toEqual(['first']);
    const response = { action: 'accept', content: { age: 36 } };
    const { result } = await round({ inputResponses: { first: response }, requestState: asked.result.requestState });
    expect(result).toMatchObject({ content: [{ text: JSON.stringify(response) }] });
  });
});

describe('a requestState', () => {
  const begin = async (call: TestCall = {}) => (await round({}, call)).result.requestState as string;

  it('tells its client nothing', async () => {
    script = async ({ step, elicit }) => {
      await step('secret', () => 'hunter2');
      return elicit('name', nameForm);
    };
    const state = await begin();
    expect(Buffer.from(state, 'base64url').toString('latin1')).not.toMatch(/hunter2|secret|answers/);
  });

  it.each<[string, (state: string) => unknown]>([
    ['was changed', (state) => `${state}-TAMPERED`],
    ['was cut', (state) => state.slice(0, -4)],
    ['has one bit changed', (state) => (state.startsWith('A') ? 'B' : 'A') + state.slice(1)],
    ['is empty', () => ''],
    ["is the author's guess", () => Buffer.from('{"answers":{}}').toString('base64url')],
    ['is no text', () => ({})],
    ['is null', () => null],
    ['is longer than any that goes out', (state) => state.padEnd(65_537, 'A')],
  ])('that %s is -32602, and the handler does not run', async (_what, change) => {
    script = askName;
    const requestState = change(await begin());
    runs = 0;
    const { error } = await round({ requestState, inputResponses: { name: named('Ada') } });
    expect(error).toEqual({ code: -32602, message: expect.stringMatching(/^requestState does not verify/) });
    expect(runs).toBe(0);
  });

  it.each<[string, TestCall]>([
    ['another account', { principal: { accountId: 'eve' } }],
    ['another issuer', { principal: { issuer: 'https://other.test' } }],
    ['another tenant', { principal: { tenant: 'other' } }],
    ['another client (Elicitation §Security Considerations 1)', { principal: { oauthClientId: 'other' } }],
    ['other arguments', { params: { arguments: { order: 2 } } }],
  ])('of another caller or request is -32602: %s', async (_what, call) => {
    script = askName;
    const requestState = await begin({ params: {} });
    const { error } = await server.callTool('tool', undefined, {
      meta: able,
      ...call,
      params: { ...call.params, requestState, inputResponses: { name: named('Ada') } },
    });
    expect(error).toMatchObject({ code: -32602 });
  });

  it('of another tool, method or server is -32602', async () => {
    script = askName;
    const requestState = await begin();
    const params = { requestState, inputResponses: { name: named('Ada') } };
    expect((await server.callTool('other', undefined, { params })).error).toMatchObject({ code: -32602 });
    expect((await server.call('prompts/get', 'prompt', { params })).error).toMatchObject({ code: -32602 });
    const foreign = createTestServer({ server: 'asks', version: '1.0.0' }, [new Asks()]);
    expect((await foreign.callTool('tool', undefined, { params })).error).toMatchObject({ code: -32602 });
  });

  it('survives other spellings of the same arguments', async () => {
    script = askName;
    const { result } = await server.callTool('tool', { order: { a: 1, b: [2] } }, { meta: able });
    const retry = { requestState: result.requestState, inputResponses: { name: named('Ada') } };
    const again = await server.callTool('tool', { order: { b: [2], a: 1 } }, { params: retry });
    expect(again.result).toMatchObject({ content: [{ text: 'Hello, Ada!' }] });
  });

  it('expires, counted from its own round', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    script = askName;
    const requestState = await begin();
    vi.setSystemTime(Date.now() + requestStateMaxAgeMs - 1);
    const renewed = (await round({ requestState })).result.requestState;
    vi.setSystemTime(Date.now() + 1);
    expect((await round({ requestState })).error).toMatchObject({ code: -32602 });
    const { result } = await round({ requestState: renewed, inputResponses: { name: named('Ada') } });
    expect(result).toMatchObject({ content: [{ text: 'Hello, Ada!' }] });
  });

  it('that would exceed 64 KiB is a fault of the handler, named in the answer and in the log', async () => {
    script = async ({ step, elicit }) => {
      await step('large', () => 'x'.repeat(60_000));
      return elicit('name', nameForm);
    };
    const { error } = await round();
    expect(error).toEqual({
      code: -32603,
      message: expect.stringMatching(/requestState of \d{5} bytes, more than 65536/),
    });
    expect(logged).toMatchObject([{ msg: 'a call failed', name: 'tool', err: expect.any(RequestStateTooLargeError) }]);
  });

  it('of a raw result travels sealed and comes back as its author wrote it', async () => {
    script = ({ requestState, inputResponses }) =>
      requestState === undefined
        ? { resultType: 'input_required', inputRequests: {}, requestState: 'my state' }
        : JSON.stringify({ requestState, inputResponses });
    const { requestState } = (await round()).result;
    expect(requestState).not.toContain('my state');
    const { result } = await round({ requestState, inputResponses: { a: { b: 1 } } });
    const text = JSON.stringify({ requestState: 'my state', inputResponses: { a: { b: 1 } } });
    expect(result).toMatchObject({ content: [{ text }] });
  });

  it('of a raw result that has none of its own is undefined again', async () => {
    script = ({ requestState }) =>
      requestState === 'first'
        ? { resultType: 'input_required', inputRequests: {} }
        : requestState === undefined && runs > 1
          ? 'undefined again'
          : { resultType: 'input_required', requestState: 'first' };
    const first = await round();
    const second = await round({ requestState: first.result.requestState });
    const third = await round({ requestState: second.result.requestState });
    expect(third.result).toMatchObject({ content: [{ text: 'undefined again' }] });
  });

  it('does not make the answers of a request an object: other inputResponses are -32602', async () => {
    script = askName;
    for (const inputResponses of [null, 7, [], 'a']) {
      expect((await round({ inputResponses })).error).toMatchObject({ code: -32602, message: /inputResponses/ });
    }
  });
});

describe('a tool whose states may be used once', () => {
  const once = (params: NonNullable<TestCall['params']>) => server.callTool('once', undefined, { meta: able, params });

  it('says so to the gateway, which keeps to it', () => {
    const definition = server.definitions.tools.find(({ name }) => name === 'once');
    expect(definition?.gatehouse).toEqual({ singleUseState: true });
  });

  it('takes answers only beside a state: one that is left out cannot be used up', async () => {
    script = askName;
    const inputResponses = { name: named('Ada') };
    const { result } = await once({ inputResponses });
    expect(Object.keys(result.inputRequests as object)).toEqual(['name']);
    const answered = await once({ inputResponses, requestState: result.requestState });
    expect(answered.result).toMatchObject({ content: [{ text: 'Hello, Ada!' }] });
    const again = await once({ inputResponses, requestState: result.requestState });
    expect(again.error).toMatchObject({ code: -32602, message: 'requestState has been used' });
  });

  it('can be tested in rounds', async () => {
    script = askName;
    const { result } = await server.callTool('once', {}, { answers: { name: () => named('Ada') } });
    expect(result).toMatchObject({ content: [{ text: 'Hello, Ada!' }] });
  });
});

describe('a test that plays rounds', () => {
  it('fails at a question that it does not answer', async () => {
    script = askName;
    await expect(server.callTool('tool', {}, { answers: {} })).rejects.toThrow(
      'the handler asks "name" (elicitation/create), which the test does not answer',
    );
  });

  it('fails at a handler that asks for ever', async () => {
    script = () => ({ resultType: 'input_required', requestState: 'again' });
    await expect(server.callTool('tool', {}, { answers: {} })).rejects.toThrow('still has no result');
  });
});

describe('what the client has not declared', () => {
  const declare = (capabilities: object): TestCall => ({ meta: { [MetaKey.clientCapabilities]: capabilities } });

  it.each<[string, (context: CallContext) => unknown, object, object]>([
    ['a form', ({ elicit }) => elicit('a', nameForm), {}, { elicitation: { form: {} } }],
    [
      'a form when only pages are shown',
      ({ elicit }) => elicit('a', nameForm),
      { elicitation: { url: {} } },
      { elicitation: { form: {} } },
    ],
    [
      'a page',
      ({ elicit }) => elicit('a', { message: 'm', url: 'https://a.example' }),
      { elicitation: {} },
      { elicitation: { url: {} } },
    ],
    ['sampling', ({ sample }) => sample('a', hello), { roots: {} }, { sampling: {} }],
    [
      'sampling with tools',
      ({ sample }) => sample('a', { ...hello, tools: [] }),
      { sampling: {} },
      { sampling: { tools: {} } },
    ],
    ['roots', ({ listRoots }) => listRoots('a'), {}, { roots: {} }],
    [
      'all that several questions lack',
      ({ ask }) => ask({ a: { elicit: nameForm }, b: { listRoots: true }, c: { sample: hello } }),
      { sampling: {} },
      { elicitation: { form: {} }, roots: {} },
    ],
  ])('is never asked: -32021 names %s', async (_what, run, declared, requiredCapabilities) => {
    script = run;
    const { error, frame } = await server.callTool('tool', {}, declare(declared));
    expect(error).toMatchObject({ code: -32021, data: { requiredCapabilities } });
    expect(frame).toMatchObject({ kind: 'error', errorCode: -32021 });
  });

  it('is told before anybody is asked in a parallel branch', async () => {
    script = ({ elicit, listRoots }) => Promise.all([elicit('name', nameForm), listRoots('where')]);
    expect((await server.callTool('tool', {}, declare({ elicitation: {} }))).error).toMatchObject({ code: -32021 });
  });

  it('does no harm to a handler that looks first, or that has another way', async () => {
    script = async ({ clientCapabilities, listRoots, sample }) => {
      if (clientCapabilities.roots) await listRoots('where');
      const said = await sample('said', hello).catch(() => undefined);
      return said ? 'said' : 'without both';
    };
    const { result } = await server.callTool('tool', {}, declare({}));
    expect(result).toMatchObject({ content: [{ text: 'without both' }] });
  });

  it('is no matter when the answer is there already', async () => {
    script = askName;
    const { result } = await server.callTool('tool', {}, { params: { inputResponses: { name: named('Ada') } } });
    expect(result).toMatchObject({ content: [{ text: 'Hello, Ada!' }] });
  });
});

describe('a handler that catches what ends its run', () => {
  it.each<[string, (context: CallContext) => unknown]>([
    ['returns a value', async ({ elicit }) => elicit('name', nameForm).catch(() => 'swallowed')],
    [
      'throws something else',
      async ({ elicit }) => elicit('name', nameForm).catch(() => Promise.reject(new Error('x'))),
    ],
    ['does not await it', ({ elicit }) => void elicit('name', nameForm)],
    [
      'returns a raw result',
      async ({ elicit }) => {
        await elicit('name', nameForm).catch(() => undefined);
        return { resultType: 'input_required', requestState: 'raw' };
      },
    ],
  ])('has its client asked all the same, and is found in the log: it %s', async (_what, run) => {
    script = run;
    const { result } = await round();
    expect(Object.keys(result.inputRequests as object)).toEqual(['name']);
    expect(logged).toContainEqual(
      expect.objectContaining({
        msg: 'a handler went on after a question that has no answer yet',
        method: 'tools/call',
        name: 'tool',
        keys: ['name'],
      }),
    );
  });

  it('is not logged when it throws it on', async () => {
    script = async (context) => {
      try {
        return await askName(context);
      } catch (error) {
        if (error instanceof InputRequired) throw error;
        return 'failed';
      }
    };
    await round();
    expect(logged).toEqual([]);
  });

  it('starts no step any more', async () => {
    let ran = false;
    script = async ({ elicit, step }) => {
      await elicit('name', nameForm).catch(() => undefined);
      await step('charge', () => {
        ran = true;
      });
    };
    await round();
    expect(ran).toBe(false);
  });

  it('has its finally blocks run', async () => {
    let closed = 0;
    script = async (context) => {
      try {
        return await askName(context);
      } finally {
        closed++;
      }
    };
    await server.callTool('tool', {}, { answers: { name: named('Ada') } });
    expect(closed).toBe(2);
  });
});

describe('a key', () => {
  it('may ask the same question again in one run, as a loop of attempts does', async () => {
    script = async (context) => {
      await askName(context);
      return askName(context);
    };
    const { result, asked } = await server.callTool('tool', {}, { answers: { name: named('Ada') } });
    expect(asked).toHaveLength(1);
    expect(result).toMatchObject({ content: [{ text: 'Hello, Ada!' }] });
  });

  it.each<[string, (context: CallContext) => unknown, RegExp]>([
    [
      'of two different questions',
      ({ elicit, listRoots }) => Promise.allSettled([elicit('a', nameForm), listRoots('a')]),
      /Two questions have the key "a"/,
    ],
    ['that is empty', ({ listRoots }) => listRoots('').catch(() => 'caught'), /has the key ""/],
    [
      'of a form that none can show',
      ({ elicit }) => elicit('a', { message: 'm', schema: z.string() }),
      /schema of an object/,
    ],
  ])('%s is a fault of the handler: -32603, even if it is caught', async (_what, run, message) => {
    script = run;
    const { error } = await round();
    expect(error).toEqual({ code: -32603, message: expect.stringMatching(message) });
    expect(logged).toMatchObject([{ msg: 'a call failed', name: 'tool', err: expect.any(ContextMisuseError) }]);
  });

  it('may be any name, those of objects included', async () => {
    script = async ({ ask, step }) => {
      await step('__proto__', () => 1);
      const questions = Object.fromEntries<Question>([
        ['constructor', { elicit: nameForm }],
        ['toString', { listRoots: true }],
      ]);
      const answers = await ask(questions);
      return Object.keys(answers).join(' ');
    };
    const { result } = await server.callTool('tool', {}, { answers: { constructor: named('Ada'), toString: rooted } });
    expect(result).toMatchObject({ content: [{ text: 'constructor toString' }] });
  });
});

describe('a step', () => {
  it('runs once in all rounds, and gives every run what the first one kept', async () => {
    let charged = 0;
    const seen: unknown[] = [];
    script = async ({ step, elicit }) => {
      seen.push(await step('charge', async () => ({ receipt: ++charged, nothing: undefined })));
      await elicit('first', nameForm);
      seen.push(await step('empty', () => undefined));
      await elicit('second', nameForm);
      return 'done';
    };
    await server.callTool('tool', {}, { answers: { first: named('Ada'), second: named('Bea') } });
    expect(charged).toBe(1);
    expect(seen).toEqual([{ receipt: 1 }, { receipt: 1 }, undefined, { receipt: 1 }, undefined]);
  });

  it('gives every run what was kept, whatever another run did with it', async () => {
    const seen: unknown[] = [];
    const asIs = { '~standard': { version: 1, vendor: 'own', validate: (value: unknown) => ({ value }) } } as const;
    const requestedSchema = { type: 'object', properties: { tags: { type: 'array', items: { enum: ['a'] } } } };
    script = async ({ step, elicit }) => {
      const list = await step('list', () => ['kept']);
      const answer = await elicit('tags', { message: 'Tags?', schema: asIs, requestedSchema });
      const { tags } = (answer.action === 'accept' ? answer.content : {}) as { tags: string[] };
      seen.push([...list, ...tags]);
      list.push('changed');
      tags.push('changed');
      await elicit('name', nameForm);
    };
    const tags = { action: 'accept', content: { tags: ['a'] } };
    await server.callTool('tool', {}, { answers: { tags, name: named('Ada') } });
    expect(seen).toEqual([
      ['kept', 'a'],
      ['kept', 'a'],
    ]);
  });

  it('that failed runs again, in the same run or in the next one', async () => {
    let attempts = 0;
    script = async ({ step, elicit }) => {
      const flaky = () => {
        attempts++;
        if (attempts < 3) throw new Error('busy');
        return attempts;
      };
      const first = await step('flaky', flaky).catch(() => step('flaky', flaky).catch(() => 'failed twice'));
      await elicit('name', nameForm);
      return String(first);
    };
    const { result } = await server.callTool('tool', {}, { answers: { name: named('Ada') } });
    expect(attempts).toBe(3);
    expect(result).toMatchObject({ content: [{ text: '3' }] });
  });

  it('that is still running when the client is asked is waited for and kept', async () => {
    let ran = 0;
    script = async ({ step, elicit }) => {
      const [, kept] = await Promise.all([
        elicit('name', nameForm),
        step('slow', async () => {
          await delay(30);
          return ++ran;
        }),
      ]);
      return kept;
    };
    const { result } = await server.callTool('tool', {}, { answers: { name: named('Ada') } });
    expect(ran).toBe(1);
    expect(result).toMatchObject({ content: [{ text: '1' }] });
  });

  it('may ask itself, and runs again with the answer', async () => {
    let ran = 0;
    script = ({ step, elicit }) =>
      step('asking', async () => {
        ran++;
        const { action } = await elicit('name', nameForm);
        return action;
      });
    const { result } = await server.callTool('tool', {}, { answers: { name: named('Ada') } });
    expect(ran).toBe(2);
    expect(result).toMatchObject({ content: [{ text: 'accept' }] });
  });

  it.each<[string, (context: CallContext) => unknown, RegExp]>([
    ['a date', ({ step }) => step('when', () => new Date()), /The step "when" returned a Date/],
    ['a number that is none', ({ step }) => step('a', () => ({ b: [Number.NaN] })), /a number at b\.0/],
    ['a function', ({ step }) => step('a', () => ({ b: () => 1 })), /a function at b/],
    ['a bigint', ({ step }) => step('a', () => 1n), /a bigint/],
    [
      'a circle',
      ({ step }) =>
        step('a', () => {
          const circle: Record<string, unknown> = {};
          circle.again = circle;
          return circle;
        }),
      /nested deeper/,
    ],
  ])('cannot keep what JSON would lose: %s is a fault of the handler', async (_what, run, message) => {
    script = async (context) => {
      await Promise.resolve(run(context)).catch(() => undefined);
    };
    expect((await round()).error).toEqual({ code: -32603, message: expect.stringMatching(message) });
  });

  it('with the name of another one is a fault of the handler', async () => {
    script = ({ step }) => Promise.allSettled([step('a', () => 1), step('a', () => 2)]);
    expect((await round()).error).toMatchObject({ code: -32603, message: /The step "a" runs twice/ });
  });
});
