import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTaskStack, tasksMeta } from './support/task-stack.ts';
import type { TaskStack } from './support/task-stack.ts';
import { waitUntil } from './support/test-gateway.ts';

let stack: TaskStack;
let a: Awaited<ReturnType<TaskStack['addGateway']>>;
let b: typeof a;
beforeAll(async () => {
  stack = await startTaskStack();
  a = await stack.addGateway();
  b = await stack.addGateway();
  await stack.addWorker('i1');
  await stack.addWorker('i2');
  await stack.addWorker('i3', 'other');
  await Promise.all([stack.listed(a), stack.listed(b)]);
});
afterAll(() => stack.stop());

const withoutTasks = { 'io.modelcontextprotocol/clientCapabilities': {} };
const unknownTask = { code: -32602, message: 'Task not found' };
const namesExtension = { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } };

describe('server/discover', () => {
  it('advertises the extension, and no capability of older revisions', async () => {
    const { body } = await stack.request(a, 'server/discover', {}, { meta: withoutTasks });
    expect(body.result?.capabilities).toMatchObject({ extensions: { 'io.modelcontextprotocol/tasks': {} } });
    expect(body.result?.capabilities).not.toHaveProperty('tasks');
  });
});

describe('a call that becomes a task', () => {
  it('is answered with a handle that every gateway knows at once', async () => {
    const { body, status } = await stack.request(a, 'tools/call', { name: 'tasks__work' });
    expect(status).toBe(200);
    expect(body.result).toMatchObject({ resultType: 'task', status: 'working', ttlMs: 3_600_000 });
    const { taskId } = body.result as { taskId: string };
    expect(await stack.get(b, taskId)).toMatchObject({
      resultType: 'complete',
      taskId,
      status: 'working',
      statusMessage: 'working on it',
      createdAt: body.result?.createdAt,
      ttlMs: 3_600_000,
      pollIntervalMs: 1_000,
    });
  });

  it('shows its result to tasks/get', async () => {
    const taskId = await stack.begin(a, { workMs: 50 });
    const task = await stack.reach(b, taskId, 'completed');
    expect(task).toMatchObject({ resultType: 'complete', result: { content: [{ type: 'text', text: '[]' }] } });
    expect(Date.parse(String(task.lastUpdatedAt))).toBeGreaterThan(Date.parse(String(task.createdAt)));
    expect(task).not.toHaveProperty('requestState');
  });

  it('shows its JSON-RPC error to tasks/get', async () => {
    const taskId = await stack.begin(a, { workMs: 50, fails: true });
    const task = await stack.reach(b, taskId, 'failed');
    expect(task).toMatchObject({ error: { code: -32603, message: 'it failed' } });
    expect(task).not.toHaveProperty('result');
  });

  it('stays a call for a client that knows no tasks', async () => {
    const { body } = await stack.request(a, 'tools/call', { name: 'tasks__work' }, { meta: withoutTasks });
    expect(body.result).toMatchObject({ resultType: 'complete', content: [{ text: 'done at once' }] });
  });

  it('is refused with -32021 when it cannot stay a call', async () => {
    const { body, status } = await stack.request(a, 'tools/call', { name: 'tasks__must' }, { meta: withoutTasks });
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: -32021, data: namesExtension });
  });

  it('does not become one by the parameter of older revisions', async () => {
    const params = { name: 'tasks__plain', task: { ttl: 60_000 } };
    const { body } = await stack.request(a, 'tools/call', params);
    expect(body.result).toMatchObject({ resultType: 'complete' });
  });

  it('yields no handle that the client could not have asked for', async () => {
    const params = { name: 'tasks__plain', arguments: { fails: true } };
    const { body } = await stack.request(a, 'tools/call', params, { meta: withoutTasks });
    expect(body.error).toMatchObject({ code: -32603 });
  });
});

describe('tasks/get, tasks/update and tasks/cancel', () => {
  const methods = ['tasks/get', 'tasks/update', 'tasks/cancel'];

  it.each(methods)('%s needs the extension: 400 and -32021', async (method) => {
    const params = { taskId: await stack.begin(a), inputResponses: {} };
    const { body, status } = await stack.request(a, method, params, { meta: withoutTasks });
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: -32021, data: namesExtension });
  });

  it.each(methods)('%s needs Mcp-Name to be the task: 400 and -32020', async (method) => {
    const params = { taskId: await stack.begin(a), inputResponses: {} };
    const { body, status } = await stack.request(a, method, params, { headers: { 'mcp-name': 'another' } });
    expect(status).toBe(400);
    expect(body.error?.code).toBe(-32020);
  });

  it.each(methods)(
    '%s answers alike for a task of another account, of another tenant and of nobody',
    async (method) => {
      const taskId = await stack.begin(a);
      const params = { taskId, inputResponses: {} };
      const others = [
        await stack.request(b, method, params, { claims: { sub: 'account-2' } }),
        await stack.request(b, method, params, { claims: { tenant: 't2' } }),
        await stack.request(b, method, { ...params, taskId: 'f'.repeat(32) }),
        await stack.request(b, method, { ...params, taskId: '*' }),
        await stack.request(b, method, { ...params, taskId: '>' }),
        await stack.request(b, method, { ...params, taskId: `${taskId}.x` }),
        await stack.request(b, method, { ...params, taskId: 'f'.repeat(8_000) }),
      ];
      for (const { status, body } of others) expect([status, body.error]).toEqual([200, unknownTask]);
      expect(await stack.get(b, taskId)).toMatchObject({ status: 'working' });
    },
  );

  it('see at a server’s own endpoint only what is that server’s', async () => {
    const taskId = await stack.begin(a);
    const claims = { aud: 'http://localhost:3000/mcp/tasks' };
    const { body } = await stack.request(a, 'tasks/get', { taskId }, { path: '/mcp/tasks', claims });
    expect(body.result).toMatchObject({ taskId, status: 'working' });
    const elsewhere = { path: '/mcp/other', claims: { aud: 'http://localhost:3000/mcp/other' } };
    expect((await stack.request(a, 'tasks/get', { taskId }, elsewhere)).body.error).toEqual(unknownTask);
  });

  it('need the scopes that the call needed', async () => {
    const taskId = await stack.begin(a, {}, 'guarded');
    const claims = { scope: 'mcp tasks:read tasks:write' };
    const { status, headers } = await stack.request(a, 'tasks/get', { taskId }, { claims });
    expect(status).toBe(403);
    expect(headers.get('www-authenticate')).toContain('scope="mcp tasks:guarded"');
  });

  it.each([
    ['tasks/get', {}],
    ['tasks/get', { taskId: 7 }],
    ['tasks/update', { taskId: 'x' }],
    ['tasks/update', { taskId: 'x', inputResponses: [] }],
  ])('%s refuses parameters %j with -32602', async (method, params) => {
    const headers = 'taskId' in params ? { 'mcp-name': String(params.taskId) } : {};
    const { body } = await stack.request(a, method, params, { headers });
    expect([-32602, -32020]).toContain(body.error?.code);
  });

  it.each(['tasks/list', 'tasks/result'])('%s does not exist: 404 and -32601', async (method) => {
    const { status, body } = await stack.request(a, method, { taskId: 'x' });
    expect([status, body.error?.code]).toEqual([404, -32601]);
  });

  it('do not exist for clients of older revisions', async () => {
    const response = await fetch(`${a.url}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${await stack.token()}`,
        'mcp-protocol-version': '2025-11-25',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tasks/get', params: { taskId: 'x' } }),
    });
    expect(await response.json()).toMatchObject({ error: { code: -32601 } });
  });
});

describe('tasks/update', () => {
  it('takes answers one by one, from any gateway, and hands them to the worker', async () => {
    const taskId = await stack.begin(a, { questions: ['name', 'age'], workMs: 0 });
    const asking = await stack.reach(b, taskId, 'input_required');
    expect(Object.keys(asking.inputRequests as object)).toEqual(['name', 'age']);
    const { body } = await stack.request(b, 'tasks/update', { taskId, inputResponses: { name: 'Ada' } });
    expect(body.result).toEqual({ resultType: 'complete', _meta: expect.anything() as unknown });
    const still = await stack.get(a, taskId);
    expect(still).toMatchObject({ status: 'input_required' });
    expect(Object.keys(still.inputRequests as object)).toEqual(['age']);
    const answeredAt = performance.now();
    await stack.request(a, 'tasks/update', { taskId, inputResponses: { age: 36, name: 'Bob', other: 1 } });
    expect(await stack.reach(b, taskId, 'completed')).toMatchObject({ result: { content: [{ text: '["Ada",36]' }] } });
    // At once, and not only when a gateway finds that it was not confirmed.
    expect(performance.now() - answeredAt).toBeLessThan(1_500);
  });

  it.each([
    ['a key that was never asked', { other: 1 }],
    ['nothing', {}],
  ])('acknowledges %s and changes nothing', async (_, inputResponses) => {
    const taskId = await stack.begin(a, { questions: ['name'] });
    const before = await stack.reach(a, taskId, 'input_required');
    const { body } = await stack.request(b, 'tasks/update', { taskId, inputResponses });
    expect(body.result).toMatchObject({ resultType: 'complete' });
    expect(await stack.get(a, taskId)).toEqual(before);
  });
});

describe('tasks/cancel', () => {
  it('reaches the worker through any gateway, and may be repeated', async () => {
    const taskId = await stack.begin(a);
    for (const gateway of [b, a, b]) {
      const { body } = await stack.request(gateway, 'tasks/cancel', { taskId });
      expect(body.result).toEqual({ resultType: 'complete', _meta: expect.anything() as unknown });
    }
    const task = await stack.reach(a, taskId, 'cancelled');
    expect(task).not.toHaveProperty('result');
  });

  it('ends a task that waits for an answer', async () => {
    const taskId = await stack.begin(a, { questions: ['name'] });
    await stack.reach(a, taskId, 'input_required');
    await stack.request(b, 'tasks/cancel', { taskId });
    expect(await stack.reach(a, taskId, 'cancelled')).not.toHaveProperty('inputRequests');
  });

  it('does not change a task that has ended', async () => {
    const taskId = await stack.begin(a, { workMs: 0 });
    const ended = await stack.reach(a, taskId, 'completed');
    const { body } = await stack.request(b, 'tasks/cancel', { taskId });
    expect(body.result).toMatchObject({ resultType: 'complete' });
    expect(await stack.get(a, taskId)).toEqual(ended);
  });
});

describe('the life of a task', () => {
  it('is its tool’s; afterwards the task is as unknown as one that never was', async () => {
    const taskId = await stack.begin(a, { workMs: 0 }, 'short');
    expect(await stack.reach(a, taskId, 'completed')).toMatchObject({ ttlMs: 1_000 });
    await waitUntil(async () => (await stack.get(a, taskId)).error !== undefined);
    expect(await stack.get(b, taskId)).toEqual({ error: unknownTask });
  });
});

describe('the number of tasks', () => {
  it('is limited for each account: a tool that needs one is -31004, another answers without', async () => {
    const strict = await stack.addGateway({ GATEWAY_MAX_TASKS_PER_ACCOUNT: '1' });
    await stack.listed(strict);
    const options = { claims: { sub: 'busy' } };
    const call = (tool: string) => stack.request(strict, 'tools/call', { name: `tasks__${tool}` }, options);
    const first = await call('must');
    const { taskId } = first.body.result as { taskId: string };
    await waitUntil(async () => (await call('work')).body.result?.resultType === 'complete');
    const { body, status, headers } = await call('must');
    expect(status).toBe(200);
    expect(body.error).toMatchObject({ code: -31004, data: { executed: 'no', retryable: true } });
    expect(headers.get('retry-after')).toBe('5');
    expect(
      (await stack.request(strict, 'tools/call', { name: 'tasks__must' }, { claims: { sub: 'other' } })).body.result,
    ).toMatchObject({
      resultType: 'task',
    });
    await stack.request(strict, 'tasks/cancel', { taskId }, options);
    await waitUntil(async () => (await call('must')).body.result?.resultType === 'task');
    await strict.stop();
  });
});

describe('a client', () => {
  it('opts in with each request, not once and for all', async () => {
    const { body } = await stack.request(a, 'tools/call', { name: 'tasks__work' }, { meta: tasksMeta });
    expect(body.result).toMatchObject({ resultType: 'task' });
    const next = await stack.request(a, 'tools/call', { name: 'tasks__work' }, { meta: withoutTasks });
    expect(next.body.result).toMatchObject({ resultType: 'complete' });
  });
});
