import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Tool } from '../decorators.ts';
import { ExpectedError } from '../errors.ts';
import { JsonRpcError } from '../index.ts';
import { createTestServer } from '../testing/test-server.ts';
import type { TestCall, TestServer } from '../testing/test-server.ts';
import type { ToolContext } from './task-context.ts';

const description = 'What it does.';
const form = { message: 'Who?', schema: z.object({ name: z.string() }) };
const ada = { action: 'accept', content: { name: 'Ada' } };

/** What the tools were seen to do. */
const seen: unknown[] = [];

class Tools {
  @Tool({ description, task: 'optional' })
  async work(_input: object, context: ToolContext): Promise<string> {
    const started = await context.startTask({ statusMessage: 'at work' });
    context.progress(1, 2);
    context.log('error', 'unheard');
    return started ? `worked as ${typeof context.taskId}` : 'worked at once';
  }

  @Tool({ description, task: 'required' })
  async askThenWork(_input: object, { elicit, startTask }: ToolContext): Promise<string> {
    seen.push('run');
    const before = await elicit('before', form);
    await startTask();
    const within = await Promise.all([elicit('within', form), elicit('within', form)]);
    return JSON.stringify([before, ...within]);
  }

  @Tool({ description, task: 'optional' })
  async insist(_input: object, { ask, startTask }: ToolContext): Promise<string> {
    await startTask();
    const { who } = await ask({ who: { elicit: form } });
    return who.action === 'accept' ? who.content.name : who.action;
  }

  @Tool({ description, task: 'optional', taskAfterMs: 20 })
  async outlive(_input: object, { signal, elicit }: ToolContext): Promise<string> {
    await delay(60, undefined, { signal });
    const answer = await elicit('late', form);
    return answer.action;
  }

  @Tool({ description, task: 'optional', taskAfterMs: 20 })
  hurry(): string {
    return 'at once';
  }

  @Tool({ description, task: 'optional' })
  async wait(_input: object, { startTask, signal }: ToolContext): Promise<string> {
    await startTask();
    await delay(60_000, undefined, { signal });
    return 'never';
  }

  @Tool({ description, task: 'optional' })
  async finishAnyway(_input: object, { startTask, signal }: ToolContext): Promise<string> {
    await startTask();
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return 'past the point of no return';
  }

  @Tool({ description, task: 'optional' })
  async fail(_input: object, { startTask }: ToolContext): Promise<string> {
    await startTask();
    throw new ExpectedError('it did not work');
  }

  @Tool({ description, task: 'optional' })
  async breakDown(_input: object, { startTask }: ToolContext): Promise<string> {
    await startTask();
    throw new JsonRpcError(-32_000, 'broken');
  }

  @Tool({ description, task: 'optional' })
  async overflow(_input: object, { startTask }: ToolContext): Promise<string> {
    await startTask();
    return 'x'.repeat(7 * 1024 * 1024);
  }

  @Tool({ description, task: 'optional' })
  async askByResult(_input: object, { startTask }: ToolContext) {
    await startTask();
    return { resultType: 'input_required' as const, inputRequests: {} };
  }

  @Tool({ description, task: 'optional' })
  async returnNoJson(_input: object, { startTask }: ToolContext) {
    await startTask();
    return { content: [], structuredContent: { amount: 1n } };
  }

  @Tool({ description })
  async never(_input: object, { startTask, taskId }: ToolContext): Promise<string> {
    return `${String(await startTask())} ${String(taskId)}`;
  }
}

const server: TestServer = createTestServer({ server: 'jobs', version: '1.0.0' }, [new Tools()]);
const follow = (name: string, call: TestCall = {}) => server.callTool(name, {}, { followsTasks: true, ...call });
const textOf = (text: string) => [{ type: 'text', text }];

beforeEach(() => {
  seen.length = 0;
});

describe('a call that becomes a task', () => {
  it('answers with the handle, and completes with what the tool returned', async () => {
    const { result, frame, task } = await follow('work');
    expect(frame).toMatchObject({ kind: 'result', resultType: 'task' });
    expect(result).toMatchObject({
      resultType: 'task',
      taskId: expect.any(String) as string,
      status: 'working',
      statusMessage: 'at work',
      ttlMs: 3_600_000,
      pollIntervalMs: 1_000,
    });
    expect(result).not.toHaveProperty('content');
    expect(await task?.ended).toMatchObject({
      status: 'completed',
      result: { resultType: 'complete', content: textOf('worked as string') },
    });
  });

  it('reports no progress and logs nothing once it is a task', async () => {
    const meta = { progressToken: 1, 'io.modelcontextprotocol/logLevel': 'debug' };
    const asTask = await follow('work', { meta });
    await asTask.task?.ended;
    expect(asTask.notifications).toEqual([]);
    const { notifications } = await server.callTool('work', {}, { meta });
    expect(notifications.map(({ method }) => method)).toEqual(['notifications/progress', 'notifications/message']);
  });

  it('stays a call for a client that does not follow tasks', async () => {
    const { result, task } = await server.callTool('work');
    expect(result).toMatchObject({ resultType: 'complete', content: textOf('worked at once') });
    expect(task).toBeUndefined();
  });

  it('stays a call when its tool knows no tasks', async () => {
    expect((await follow('never')).result).toMatchObject({ content: textOf('false undefined') });
  });

  it('is asked in rounds before, and within the task afterwards, under keys of its own', async () => {
    const { asked, task, result } = await follow('askThenWork', { answers: { before: ada, within: ada } });
    expect(asked.map((requests) => Object.keys(requests))).toEqual([['before']]);
    expect(result).toMatchObject({ resultType: 'task' });
    expect(result).not.toHaveProperty('requestState');
    expect(await task?.ended).toMatchObject({ result: { content: textOf(JSON.stringify([ada, ada, ada])) } });
    expect(task?.asked.flatMap((requests) => Object.keys(requests))).toEqual(['within', 'within#2']);
    // Once for each round before the task, and never again within it.
    expect(seen).toEqual(['run', 'run']);
  });

  it('asks again under a new key when the answer does not fit', async () => {
    let tries = 0;
    const who = () => (++tries === 1 ? { action: 'accept', content: { name: 7 } } : ada);
    const { task } = await follow('insist', { answers: { who } });
    expect(await task?.ended).toMatchObject({ result: { content: textOf('Ada') } });
    expect(task?.asked.flatMap((requests) => Object.keys(requests))).toEqual(['who', 'who#2']);
  });

  it('fails with -32021 when it asks what the client has not declared', async () => {
    const { task } = await follow('insist');
    expect(await task?.ended).toMatchObject({ status: 'failed', error: { code: -32_021 } });
  });
});

describe('a call that outlives its time', () => {
  it('becomes a task by itself, whose questions wait', async () => {
    const { result, task } = await follow('outlive', { answers: { late: ada } });
    expect(result).toMatchObject({ resultType: 'task' });
    expect(await task?.ended).toMatchObject({ status: 'completed', result: { content: textOf('accept') } });
    expect(task?.asked).toHaveLength(1);
  });

  it('does not become one when it answers in time', async () => {
    const { result, task } = await follow('hurry');
    expect(result).toMatchObject({ content: textOf('at once') });
    await delay(50);
    expect(task).toBeUndefined();
  });

  it('stops when its caller leaves before it is a task, and not afterwards', async () => {
    const leaving = new AbortController();
    const asTask = await follow('outlive', { answers: { late: ada }, signal: leaving.signal });
    leaving.abort();
    expect(await asTask.task?.ended).toMatchObject({ result: { content: textOf('accept') } });
    const gone = new AbortController();
    gone.abort();
    const { result } = await follow('outlive', { signal: gone.signal });
    expect(result).toMatchObject({ isError: true });
  });
});

describe('the ending of a task', () => {
  it('is completed for a failure of the tool', async () => {
    const { task } = await follow('fail');
    expect(await task?.ended).toMatchObject({
      status: 'completed',
      result: { isError: true, content: textOf('it did not work') },
    });
  });

  it('is failed for a JSON-RPC error', async () => {
    const { task } = await follow('breakDown');
    expect(await task?.ended).toEqual({ status: 'failed', error: { code: -32_000, message: 'broken' } });
  });

  it('is failed with -31008 for a result that no task can hold', async () => {
    const { task } = await follow('overflow');
    expect(await task?.ended).toMatchObject({ status: 'failed', error: { code: -31_008, data: { executed: 'yes' } } });
  });

  it('is failed for a handler that asks by its result', async () => {
    const { task } = await follow('askByResult', { meta: { 'io.modelcontextprotocol/clientCapabilities': {} } });
    expect(await task?.ended).toMatchObject({ status: 'failed', error: { code: -32_603 } });
  });

  it('is failed for a result that JSON cannot hold, in a task as in a call', async () => {
    const { task } = await follow('returnNoJson');
    expect(await task?.ended).toEqual({ status: 'failed', error: { code: -32_603, message: 'Internal error' } });
    expect((await server.callTool('returnNoJson')).error).toEqual({ code: -32_603, message: 'Internal error' });
  });

  it('is cancelled for a handler that stops when it is cancelled', async () => {
    const { task } = await follow('wait');
    task?.cancel();
    expect(await task?.ended).toEqual({ status: 'cancelled' });
  });

  it('is completed for a handler that has its result all the same', async () => {
    const { task } = await follow('finishAnyway');
    task?.cancel();
    expect(await task?.ended).toMatchObject({ status: 'completed' });
  });
});

describe('@Tool', () => {
  it('tells the gateway what it must know', () => {
    class Declared {
      @Tool({ description, task: 'required', taskTtlMs: 60_000, taskAfterMs: 0 })
      job() {
        return '';
      }
    }
    const { definitions } = createTestServer({ server: 'jobs', version: '1.0.0' }, [new Declared()]);
    expect(definitions.tools[0]?.gatehouse).toEqual({ task: 'required', taskTtlMs: 60_000 });
  });

  it.each([
    [{ taskTtlMs: 60_000 }, /taskAfterMs or taskTtlMs but no task/],
    [{ task: 'optional', taskTtlMs: 10 }, /taskTtlMs of 10: /],
    [{ task: 'optional', taskTtlMs: 86_400_001 }, /taskTtlMs of 86400001: /],
    [{ task: 'optional', taskAfterMs: -1 }, /taskAfterMs of -1: /],
  ] as const)('refuses %j in one sentence', (options, sentence) => {
    class Mistaken {
      job() {
        return '';
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Mistaken.prototype, 'job') as TypedPropertyDescriptor<never>;
    Tool({ description, ...options })(Mistaken.prototype, 'job', descriptor);
    expect(() => createTestServer({ server: 'jobs', version: '1.0.0' }, [new Mistaken()])).toThrow(sentence);
  });
});
