import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTaskStack } from './support/task-stack.ts';
import type { TaskStack } from './support/task-stack.ts';
import { waitUntil } from './support/test-gateway.ts';

let stack: TaskStack;
let a: Awaited<ReturnType<TaskStack['addGateway']>>;
let b: typeof a;
beforeEach(async () => {
  stack = await startTaskStack();
  a = await stack.addGateway();
});
afterEach(() => stack.stop());

describe('a gateway that ends after it gave out a handle', () => {
  it('takes no task with it: another one has the state, the answers and the result', async () => {
    b = await stack.addGateway();
    await stack.addWorker('i1');
    await Promise.all([stack.listed(a), stack.listed(b)]);
    const taskId = await stack.begin(a, { questions: ['name'], workMs: 100 });
    await a.stop();
    await stack.reach(b, taskId, 'input_required');
    await stack.request(b, 'tasks/update', { taskId, inputResponses: { name: 'Ada' } });
    expect(await stack.reach(b, taskId, 'completed')).toMatchObject({ result: { content: [{ text: '["Ada"]' }] } });
  });

  it('leaves a result to be stored by the next one, when it was the only one', async () => {
    await stack.addWorker('i1');
    await stack.listed(a);
    const taskId = await stack.begin(a, { workMs: 200 });
    await a.stop();
    await delay(500);
    b = await stack.addGateway();
    await waitUntil(async () => (await stack.get(b, taskId)).status === 'completed');
    expect(await stack.get(b, taskId)).toMatchObject({ status: 'completed' });
  });
});

describe('a worker that dies', () => {
  it('takes its tasks with it: they fail, at every gateway alike, and no other worker’s do', async () => {
    b = await stack.addGateway();
    const doomed = await stack.addChildWorker('doomed');
    await stack.listed(a);
    const lost = [await stack.begin(a), await stack.begin(b, { questions: ['name'] })];
    await stack.addWorker('survivor');
    await doomed.kill();
    const killedAt = performance.now();
    const failed = await Promise.all(lost.map((taskId) => stack.reach(b, taskId, 'failed')));
    expect(performance.now() - killedAt).toBeLessThan(8_000);
    for (const [index, task] of failed.entries()) {
      expect(task).toMatchObject({
        error: { code: -31002, message: 'The worker that ran the task is gone', data: { executed: 'unknown' } },
      });
      expect(await stack.get(a, lost[index] ?? '')).toEqual(task);
    }
    await waitUntil(async () => (await stack.begin(a, { workMs: 0 })) !== '');
    const alive = await stack.begin(a, { workMs: 0 });
    await stack.reach(b, alive, 'completed');
  });

  it('and is stopped for a while keeps them', async () => {
    const child = await stack.addChildWorker('slow');
    await stack.listed(a);
    const taskId = await stack.begin(a, { workMs: 1_000 });
    child.signal('SIGSTOP');
    await delay(6_000);
    expect(await stack.get(a, taskId)).toMatchObject({ status: 'working' });
    child.signal('SIGCONT');
    expect(await stack.reach(a, taskId, 'completed')).toMatchObject({ status: 'completed' });
  });

  it('and was asked to end fails what it cannot finish in time, by itself', async () => {
    const worker = await stack.addWorker('i1');
    await stack.listed(a);
    const taskId = await stack.begin(a);
    await worker.stop();
    expect(await stack.get(a, taskId)).toMatchObject({ status: 'failed', error: { message: 'ended' } });
  });
});

describe('a restart of NATS', () => {
  it('keeps tasks: those that work go on, those that have ended stay as they are', async () => {
    await stack.addWorker('i1');
    await stack.listed(a);
    const ended = await stack.begin(a, { workMs: 0 });
    const before = await stack.reach(a, ended, 'completed');
    const working = await stack.begin(a, { workMs: 300 });
    const asking = await stack.begin(a, { questions: ['name'], workMs: 0 });
    await stack.reach(a, asking, 'input_required');
    await stack.killNats();
    await delay(1_000);
    const { body } = await stack.request(a, 'tasks/get', { taskId: working });
    expect(body.error).toMatchObject({ code: -31009, data: { executed: 'no', retryable: true } });
    await stack.startNats();
    await waitUntil(() => a.isReady());
    expect(await stack.get(a, ended)).toEqual(before);
    await stack.reach(a, working, 'completed');
    await stack.request(a, 'tasks/update', { taskId: asking, inputResponses: { name: 'Ada' } });
    expect(await stack.reach(a, asking, 'completed')).toMatchObject({ result: { content: [{ text: '["Ada"]' }] } });
  });
});
