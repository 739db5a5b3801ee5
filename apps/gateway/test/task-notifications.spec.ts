import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { listenTo, openListen } from './support/listen-stream.ts';
import type { ListenStream } from './support/listen-stream.ts';
import { modernMeta } from '../../../test/support/call-mcp.ts';
import { startTaskStack, tasksMeta } from './support/task-stack.ts';
import type { TaskStack } from './support/task-stack.ts';
import { waitUntil } from './support/test-gateway.ts';

let stack: TaskStack;
let a: Awaited<ReturnType<TaskStack['addGateway']>>;
let b: typeof a;
const streams: ListenStream[] = [];
beforeAll(async () => {
  stack = await startTaskStack();
  a = await stack.addGateway();
  b = await stack.addGateway();
  await stack.addWorker('i1');
  await Promise.all([stack.listed(a), stack.listed(b)]);
});
afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
});
afterAll(() => stack.stop());

const meta = { ...modernMeta, ...tasksMeta };

async function follow(gateway: { url: string }, notifications: object, claims = {}): Promise<ListenStream> {
  const stream = await listenTo(`${gateway.url}/mcp`, await stack.token(claims), notifications, 'follow', meta);
  streams.push(stream);
  return stream;
}

const acknowledged = ({ messages: [first] }: ListenStream) => first?.params?.notifications;
const statuses = ({ messages }: ListenStream) => messages.slice(1).map(({ params }) => params?.status);

/** A notification as `tasks/get` would have answered. */
function withoutTags(message: ListenStream['messages'][number] | undefined): object {
  const { _meta: _tag, ...task } = message?.params ?? {};
  return task;
}

async function getTask(gateway: { url: string }, taskId: string): Promise<object> {
  const { _meta: _own, resultType: _type, ...task } = await stack.get(gateway, taskId);
  return task;
}

describe('notifications/tasks', () => {
  it('tell each change of a task as a whole, equal to what tasks/get answers, at whichever gateway', async () => {
    const taskId = await stack.begin(a, { questions: ['name'], workMs: 300 });
    await stack.reach(a, taskId, 'input_required');
    const stream = await follow(b, { taskIds: [taskId] });
    expect(acknowledged(stream)).toEqual({ taskIds: [taskId] });
    await waitUntil(() => stream.messages.length > 1);
    expect(stream.messages[1]).toMatchObject({
      jsonrpc: '2.0',
      method: 'notifications/tasks',
      params: { taskId, status: 'input_required', inputRequests: { name: { method: 'elicitation/create' } } },
    });
    expect(withoutTags(stream.messages[1])).toEqual(await getTask(a, taskId));
    await stack.request(a, 'tasks/update', { taskId, inputResponses: { name: 'Ada' } });
    await waitUntil(() => statuses(stream).at(-1) === 'working');
    expect(withoutTags(stream.messages.at(-1))).toEqual(await getTask(a, taskId));
    await waitUntil(() => statuses(stream).at(-1) === 'completed');
    expect(withoutTags(stream.messages.at(-1))).toEqual(await getTask(a, taskId));
    expect(stream.messages.at(-1)).toMatchObject({ params: { result: { content: [{ text: '["Ada"]' }] } } });
    for (const message of stream.messages) {
      expect(message).toMatchObject({ params: { _meta: { 'io.modelcontextprotocol/subscriptionId': 'follow' } } });
    }
  });

  it('tell what a task has become before anybody listened', async () => {
    const taskId = await stack.begin(a, { workMs: 0 });
    await stack.reach(a, taskId, 'completed');
    const stream = await follow(b, { taskIds: [taskId] });
    await waitUntil(() => statuses(stream).includes('completed'));
    expect(withoutTags(stream.messages.at(-1))).toEqual(await getTask(a, taskId));
  });

  it('tell of a cancellation and of a failure', async () => {
    const [cancelled, failed] = [await stack.begin(a), await stack.begin(a, { workMs: 300, fails: true })];
    const stream = await follow(b, { taskIds: [cancelled, failed] });
    await stack.request(a, 'tasks/cancel', { taskId: cancelled });
    await waitUntil(() => statuses(stream).includes('cancelled') && statuses(stream).includes('failed'));
    for (const taskId of [cancelled, failed]) {
      const last = stream.messages.findLast(({ params }) => params?.taskId === taskId);
      expect(withoutTags(last)).toEqual(await getTask(a, taskId));
    }
  });

  it('are promised and sent only to whose task it is', async () => {
    const taskId = await stack.begin(a, { workMs: 200 });
    const own = await follow(a, { taskIds: [taskId, 'f'.repeat(32)] });
    const foreign = await follow(b, { taskIds: [taskId] }, { sub: 'account-2' });
    const elsewhere = await follow(b, { taskIds: [taskId] }, { tenant: 't2' });
    expect([own, foreign, elsewhere].map(acknowledged)).toEqual([
      { taskIds: [taskId] },
      { taskIds: [] },
      { taskIds: [] },
    ]);
    await waitUntil(() => statuses(own).includes('completed'));
    expect([foreign.messages.length, elsewhere.messages.length]).toEqual([1, 1]);
  });

  it('are not promised without the scopes that the call needed', async () => {
    const taskId = await stack.begin(a, {}, 'guarded');
    const stream = await follow(a, { taskIds: [taskId] }, { scope: 'mcp tasks:read tasks:write' });
    expect(acknowledged(stream)).toEqual({ taskIds: [] });
  });

  it('are not sent to a stream that did not ask for them', async () => {
    const stream = await follow(a, { toolsListChanged: true });
    const asked = await follow(a, { taskIds: [] });
    const taskId = await stack.begin(a, { workMs: 0 });
    await stack.reach(a, taskId, 'completed');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([stream.heard(), asked.heard()]).toEqual([[], []]);
    expect([stream, asked].map(acknowledged)).toEqual([{ toolsListChanged: true }, { taskIds: [] }]);
  });

  it('need the extension: 400 and -32021', async () => {
    const notifications = { taskIds: ['f'.repeat(32)] };
    const opened = await openListen(`${a.url}/mcp`, await stack.token(), notifications);
    if (!('answer' in opened)) throw new Error('it was not refused');
    expect(opened.answer.status).toBe(400);
    expect(opened.answer.body.error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } },
    });
  });

  it.each([
    ['no list', 'x'],
    ['a list of numbers', [1]],
    ['more tasks than one subscription may name', Array.from({ length: 101 }, (_, index) => `${index}`)],
  ])('refuse %s with -32602', async (_, taskIds) => {
    const opened = await openListen(`${a.url}/mcp`, await stack.token(), { taskIds }, 1, meta);
    if (!('answer' in opened)) throw new Error('it was not refused');
    expect(opened.answer.body.error?.code).toBe(-32602);
  });

  it('end the stream instead of leaving out a result that no notification can hold', async () => {
    const taskId = await stack.begin(a, { workMs: 300, resultBytes: 2_000_000 });
    const stream = await follow(b, { taskIds: [taskId] });
    await stream.ended;
    expect(stream.messages.at(-1)).toMatchObject({ result: { resultType: 'complete' } });
    expect(statuses(stream)).not.toContain('completed');
    expect(acknowledged(await follow(b, { taskIds: [taskId] }))).toEqual({ taskIds: [] });
    expect(await stack.reach(a, taskId, 'completed')).toMatchObject({ status: 'completed' });
  });

  it('tell after an outage of NATS what was missed', async () => {
    const taskId = await stack.begin(a, { workMs: 300 });
    const stream = await follow(b, { taskIds: [taskId] });
    await waitUntil(() => statuses(stream).includes('working'));
    await stack.killNats();
    await stack.startNats();
    await waitUntil(() => statuses(stream).includes('completed'));
    expect(withoutTags(stream.messages.at(-1))).toEqual(await getTask(a, taskId));
  });
});
