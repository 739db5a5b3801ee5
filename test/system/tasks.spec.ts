import { setTimeout as delay } from 'node:timers/promises';
import { MetaKey } from '@gatehouse/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callMcp } from '../support/call-mcp.ts';
import type { Answer } from '../support/call-mcp.ts';
import { startReplicatedStack } from '../support/replicated-stack.ts';
import type { ReplicatedStack } from '../support/replicated-stack.ts';

let stack: ReplicatedStack;
let token: string;

beforeEach(async () => {
  stack = await startReplicatedStack({
    server: 'jobs',
    worker: 'test/system/task-worker',
    // Half of it is for tasks that nobody answers any more.
    workerEnvironment: () => ({ SHUTDOWN_TIMEOUT_MS: '4000' }),
  });
  token = await stack.issueToken('ada');
}, 120_000);
afterEach(() => stack.stop());

/** One request at one gateway; undefined when there was no answer. */
async function send(
  gateway: number,
  method: string,
  params: Record<string, unknown>,
): Promise<Answer['body'] | undefined> {
  const meta = {
    [MetaKey.clientCapabilities]: { elicitation: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } },
  };
  const url = stack.urls[gateway] ?? '';
  const answer = await callMcp(url, token, method, params, { meta }).catch(() => undefined);
  return answer?.body;
}

/** Begins a task; resolves with its id, or undefined when no handle came. */
async function begin(gateway: number, job: object): Promise<string | undefined> {
  const answer = await send(gateway, 'tools/call', { name: 'job', arguments: job });
  return answer?.result?.resultType === 'task' ? String(answer.result.taskId) : undefined;
}

async function mustBegin(gateway: number, job: object): Promise<string> {
  const taskId = await begin(gateway, job);
  if (taskId === undefined) throw new Error('no handle');
  return taskId;
}

/** Polls as a client does, until the task has one of these states; an answer that a dependency is away is none. */
async function reach(gateway: number, taskId: string, ...wanted: string[]): Promise<Record<string, unknown>> {
  for (;;) {
    const answer = await send(gateway, 'tasks/get', { taskId });
    if (wanted.includes(String(answer?.result?.status))) return answer?.result ?? {};
    if (answer?.error?.code === -32_602) throw new Error('the task is unknown');
    await delay(100);
  }
}

describe('tasks, through two gateways and two workers', { timeout: 120_000 }, () => {
  it('survive the kill -9 of the gateway that gave out their handles, and the end of their worker', async () => {
    const taskIds = await Promise.all(Array.from({ length: 4 }, () => mustBegin(0, { workMs: 1_000, asks: true })));
    stack.gateways[0].child.kill('SIGKILL');
    for (const taskId of taskIds) {
      await reach(1, taskId, 'input_required');
      const inputResponses = { name: { action: 'accept', content: { name: 'Ada' } } };
      await send(1, 'tasks/update', { taskId, inputResponses });
    }
    for (const taskId of taskIds) {
      expect(await reach(1, taskId, 'completed')).toMatchObject({ result: { content: [{ text: 'done for Ada' }] } });
    }
    // What a worker has begun when it is asked to end, it finishes.
    const last = await mustBegin(1, { workMs: 1_000 });
    await Promise.all(stack.workers.map((worker) => worker.stop()));
    expect(await reach(1, last, 'completed')).toMatchObject({ status: 'completed' });
  });

  it('fail when their worker is killed, and go on at the other', async () => {
    const taskIds = await Promise.all(Array.from({ length: 8 }, (_, index) => mustBegin(index % 2, { workMs: 6_000 })));
    stack.workers[0]?.child.kill('SIGKILL');
    const endings = await Promise.all(taskIds.map((taskId, index) => reach(index % 2, taskId, 'completed', 'failed')));
    const kinds = new Set(
      endings.map(({ status, error }) => `${String(status)} ${(error as Answer['body']['error'])?.code ?? ''}`),
    );
    expect(kinds).toEqual(new Set(['completed ', 'failed -31002']));
  });

  it('are there after the kill -9 of NATS, each whose handle was given out', async () => {
    const handles: string[] = [];
    const handlesAsked = 200;
    const beginAll = Array.from({ length: handlesAsked }, async (_, index) => {
      await delay(index * 10);
      const taskId = await begin(index % 2, { workMs: 0, asks: true });
      if (taskId !== undefined) handles.push(taskId);
    });
    while (handles.length < 10) await delay(1);
    await stack.killNats();
    const given = [...handles];
    await delay(500);
    await stack.startNats();
    await Promise.all(beginAll);
    expect(given.length).toBeLessThan(handlesAsked);
    for (const taskId of given) {
      await reach(1, taskId, 'input_required');
      const inputResponses = { name: { action: 'decline' } };
      while (!(await send(0, 'tasks/update', { taskId, inputResponses }))?.result) await delay(100);
      expect(await reach(0, taskId, 'completed')).toMatchObject({ result: { content: [{ text: 'done' }] } });
    }
  });
});
