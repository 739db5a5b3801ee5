import { connectNats } from '@gatehouse/messaging';
import type { NatsConnection } from '@gatehouse/messaging';
import { createLogger } from '@gatehouse/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTaskStack } from './support/task-stack.ts';
import type { TaskStack } from './support/task-stack.ts';
import { waitUntil } from './support/test-gateway.ts';

const maxCalls = 12;
let stack: TaskStack;
let nats: NatsConnection;
let gateway: Awaited<ReturnType<TaskStack['addGateway']>>;
/** Lets the gateway follow the stream of tasks. */
let openStream: () => Promise<unknown>;
/** Asks JetStream itself. */
async function ask(what: string, content?: object): Promise<void> {
  const answer = await nats.request(`$JS.API.${what}`, content && JSON.stringify(content));
  const { error } = answer.json<{ error?: { description: string } }>();
  if (error) throw new Error(error.description);
}

beforeAll(async () => {
  stack = await startTaskStack();
  const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
  nats = await connectNats({ servers: stack.natsUrl, name: 'test', inboxPrefix: '_INBOX_test', logger });
  const limits = { max_msgs_per_subject: 1, max_consumers: 1, allow_msg_ttl: true };
  const consumer = 'gh_tasks.in-the-way';
  await ask('STREAM.CREATE.gh_tasks', { name: 'gh_tasks', subjects: ['gh.task.*.*.*'], ...limits });
  const config = { durable_name: 'in-the-way', ack_policy: 'explicit' };
  await ask(`CONSUMER.DURABLE.CREATE.${consumer}`, { stream_name: 'gh_tasks', config });
  openStream = () => ask(`CONSUMER.DELETE.${consumer}`);
  const settings = { GATEWAY_MAX_CALLS_PER_PRINCIPAL: String(maxCalls) };
  gateway = await stack.addGateway(settings, { unready: true });
  await stack.addWorker('i1');
});
afterAll(async () => {
  await stack.stop();
  await nats.close();
});

const call = (tool: string, claims: Record<string, unknown> = {}) =>
  stack.request(gateway, 'tools/call', { name: `tasks__${tool}` }, { claims });

describe('while the tasks are read', () => {
  it('calls work, tasks are asked for, and only what must become a task is refused with -31009', async () => {
    await stack.listed(gateway);
    expect((await call('work')).body.result).toMatchObject({ resultType: 'complete' });
    expect((await call('must')).body.error).toMatchObject({ code: -31009, data: { executed: 'no', retryable: true } });
    expect(await stack.get(gateway, 'f'.repeat(32))).toMatchObject({ error: { code: -32602 } });
    expect(await gateway.isReady()).toBe(false);
    await openStream();
    await waitUntil(gateway.isReady);
    expect((await call('must')).body.result).toMatchObject({ resultType: 'task' });
  });
});

describe('one account that reads large tasks, all at once', () => {
  it('waits for itself: calls and tasks of others go on, and what waits too long is -31005', async () => {
    const resultBytes = 6_000_000;
    const taskId = await stack.begin(gateway, { workMs: 0, resultBytes });
    await stack.reach(gateway, taskId, 'completed');
    const others = { claims: { sub: 'bystander' } };
    const other = await call('must', others.claims);
    const over = new AbortController();
    const codes: unknown[] = [];
    const bystanders = async () => {
      while (!over.signal.aborted) {
        codes.push((await call('plain', others.claims)).body.error?.code);
        const { taskId: own } = other.body.result as { taskId: string };
        codes.push((await stack.request(gateway, 'tasks/get', { taskId: own }, others)).body.error?.code);
      }
    };
    const bystanding = bystanders();
    const reads = Array.from({ length: 2 * maxCalls }, () => stack.request(gateway, 'tasks/get', { taskId }));
    const answers = (await Promise.all(reads)).map(({ body }) => body.error?.code ?? body.result?.status);
    over.abort();
    await bystanding;
    expect(new Set(codes)).toEqual(new Set([undefined]));
    expect(new Set(answers)).toEqual(new Set(['completed', -31005]));
    expect(answers.filter((answer) => answer === 'completed').length).toBeGreaterThan(1);
  });
});
