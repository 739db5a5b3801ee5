import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NatsConnection, SealedTaskGrant, Task, TaskKey } from '../src/index.ts';
import {
  answerQuestions,
  definitionsDigest,
  failTask,
  requestCancellation,
  subjectToken,
  TaskContentTooLargeError,
  tellOwner,
  unconfirmedWords,
} from '../src/index.ts';
import { connectTo, definitionsOf, newTenant, openGateway, requestOf, startWorker, until } from './bus.ts';
import { subjects } from '../src/subjects.ts';
import { encodeReport } from '../src/tasks/task-wire.ts';
import { startNats } from './nats.ts';
import { contentOf, createTask, grantOf, json, keyOf, openTaskGateway, openTaskWorker } from './tasks.ts';

// A NATS of its own: gateways of other tests have other keys.
let bus: Awaited<ReturnType<typeof startNats>>;
let connection: NatsConnection;
let gateway: Awaited<ReturnType<typeof openTaskGateway>>;
beforeAll(async () => {
  bus = await startNats();
  connection = await connectTo(bus.url);
  gateway = await openTaskGateway(connection);
});
afterAll(async () => {
  gateway.close();
  await connection.close();
  await bus.stop();
});

async function begin(changes: Parameters<typeof grantOf>[1] = {}) {
  const tenant = newTenant();
  const worker = openTaskWorker(connection, tenant);
  const grant = grantOf(tenant, changes);
  const task = await createTask(worker, grant);
  const key = keyOf(tenant, grant.taskId);
  return { tenant, worker, grant, task, key, read: () => gateway.store.read(key) };
}

describe('the stream of tasks', () => {
  it('refuses what does not fit, keeps one entry per task, and is read from its leader', async () => {
    const jetstream = await jetstreamManager(connection);
    const { config } = await jetstream.streams.info('gh_tasks');
    expect(config).toMatchObject({
      discard: 'new',
      storage: 'file',
      max_msgs_per_subject: 1,
      allow_direct: false,
      allow_rollup_hdrs: false,
      allow_msg_ttl: true,
    });
    expect(config.max_bytes).toBeGreaterThan(0);
    expect(config.max_age).toBeGreaterThan(0);
  });

  it('may be created by two gateways at once', async () => {
    const nats = await startNats();
    const connections = await Promise.all([connectTo(nats.url), connectTo(nats.url)]);
    const gateways = await Promise.all(connections.map((own) => openTaskGateway(own)));
    const [first, second] = gateways;
    const worker = openTaskWorker(connections[0], 'acme');
    const grant = grantOf('acme');
    await createTask(worker, grant);
    for (const one of [first, second])
      expect(await one?.store.read(keyOf('acme', grant.taskId))).toMatchObject({ state: { status: 'working' } });
    for (const one of gateways) one.close();
    await Promise.all(connections.map((own) => own.close()));
    await nats.stop();
  });
});

describe('a task of a worker', () => {
  it('is stored when its creation resolves', async () => {
    const { task, read, grant } = await begin();
    expect((await read())?.state).toMatchObject({
      status: 'working',
      server: 'files',
      instance: 'i1',
      scopes: ['files:read'],
      createdAtMs: task.createdAtMs,
      ttlMs: 60_000,
    });
    expect(task.taskId).toBe(grant.taskId);
  });

  it('ends with its result, and then stays as it is', async () => {
    const { task, read, worker } = await begin();
    await task.end({ status: 'completed', result: json({ content: [] }) });
    expect(await read()).toMatchObject({ state: { status: 'completed' } });
    expect(contentOf(await read())).toEqual({ content: [] });
    await until(() => worker.tasks.size === 0);
    expect(task.signal.aborted).toBe(false);
  });

  it('has exactly one ending when its gateway and its owner disagree', async () => {
    for (let round = 0; round < 20; round++) {
      const { task, read, key } = await begin();
      const failing = gateway.store.change(key, (stored) => failTask(stored, { code: -31_002, message: 'x' }, 1));
      await Promise.all([failing, task.end({ status: 'completed', result: json({}) })]);
      const first = await read();
      await gateway.store.change(key, (stored) => failTask(stored, { code: -31_002, message: 'late' }, 2));
      expect(await read()).toEqual(first);
    }
  });

  it('stops its handler when it was ended without it', async () => {
    const { task, key } = await begin();
    await gateway.store.change(key, (stored) => failTask(stored, { code: -31_002, message: 'x' }, 1));
    task.ask('name', {}).catch(() => {});
    await task.over;
    expect(task.signal.aborted).toBe(true);
  });

  it('waits for its answers, whichever gateway takes them', async () => {
    const { task, read, key } = await begin();
    const answers = Promise.all([task.ask('name', { method: 'a' }), task.ask('age', { method: 'b' })]);
    await untilAsync(async () => (await read())?.state.status === 'input_required');
    expect(contentOf(await read())).toMatchObject({ inputRequests: { name: { method: 'a' }, age: { method: 'b' } } });
    const other = await connectTo(bus.url);
    const elsewhere = await openTaskGateway(other);
    for (const responses of [{ name: 'Ada' }, { age: 36, unknown: 1 }]) {
      const changed = await elsewhere.store.change(key, (stored) => answerQuestions(stored, responses, Date.now()));
      tell(other, key, changed);
    }
    expect(await answers).toEqual(['Ada', 36]);
    await untilAsync(async () => (await read())?.state.answersUntaken === undefined);
    expect((await read())?.state.status).toBe('working');
    elsewhere.close();
    await other.close();
  });

  it('learns with its next report what it was not told', async () => {
    const { task, read, key } = await begin();
    const name = task.ask('name', {});
    await untilAsync(async () => (await read())?.state.status === 'input_required');
    await gateway.store.change(key, (stored) => answerQuestions(stored, { name: 'Ada' }, Date.now()));
    const age = task.ask('age', {});
    age.catch(() => {});
    expect(await name).toBe('Ada');
  });

  it('aborts its signal when a client cancels it, and confirms that', async () => {
    const { task, read, key } = await begin();
    const changed = await gateway.store.change(key, (stored) => requestCancellation(stored, Date.now()));
    tell(connection, key, changed);
    await until(() => task.signal.aborted);
    expect(task.stopped).toBe('cancelled');
    await untilAsync(async () => (await read())?.state.cancelUnseen === undefined);
    await task.end({ status: 'cancelled' });
    expect((await read())?.state.status).toBe('cancelled');
  });

  it('is unknown after its time, and its handler is told', async () => {
    const { task, read } = await begin({ ttlMs: 300 });
    expect(await read()).toBeDefined();
    await until(() => task.signal.aborted, 1_000);
    await delay(50);
    expect(await read()).toBeUndefined();
    await task.end({ status: 'completed', result: json({}) });
    expect(await read()).toBeUndefined();
  });

  it('refuses content that could not be read back, and can still fail', async () => {
    const { task, read } = await begin();
    const large = json({ text: 'x'.repeat(8 * 1024 * 1024) });
    await expect(task.end({ status: 'completed', result: large })).rejects.toThrow(TaskContentTooLargeError);
    await task.end({ status: 'failed', error: json({ code: -31_008, message: 'too large' }) });
    expect((await read())?.state.status).toBe('failed');
  });

  it('holds a result of the largest size', async () => {
    const { task, read } = await begin();
    const overheadBytes = json({ text: '' }).length;
    const maxBytes = Math.floor(((8 * 1024 * 1024 - 2 * 16 * 1024) * 3) / 4);
    const result = json({ text: 'x'.repeat(maxBytes - overheadBytes) });
    await task.end({ status: 'completed', result });
    expect((await read())?.content.length).toBe(maxBytes);
  });
});

describe('a keeper', () => {
  it('creates no task with a grant that is too old', async () => {
    const tenant = newTenant();
    const worker = openTaskWorker(connection, tenant);
    const creation = await worker.tasks.offer({ ...grantOf(tenant, { ttlMs: -1 }), ttlMs: 60_000 }).create();
    expect(creation).toEqual({ kind: 'refused', reason: 'expired' });
  });

  it.each<[string, (grant: SealedTaskGrant, tenant: string) => SealedTaskGrant]>([
    ['for another server', (_, tenant) => grantOf(tenant, { server: 'mail' })],
    ['for another tenant', () => grantOf(newTenant())],
    ['for another task', (grant) => ({ ...grant, taskId: 'b'.repeat(32) })],
    ['that nobody sealed', (grant) => ({ ...grant, sealed: `${grant.sealed.slice(0, -4)}AAAA` })],
  ])('creates no task with a grant %s', async (_, forge) => {
    const tenant = newTenant();
    const worker = openTaskWorker(connection, tenant);
    const original = grantOf(tenant);
    const grant = forge(original, tenant);
    const created = worker.tasks.offer(grant).create();
    expect(await Promise.race([created, delay(300, 'nothing')])).toBe('nothing');
    for (const { taskId } of [grant, original]) expect(await gateway.store.read(keyOf(tenant, taskId))).toBeUndefined();
  });

  it('that is not there makes no task: the call stays a call when its time has passed', async () => {
    const nats = await startNats();
    const own = await connectTo(nats.url);
    const worker = openTaskWorker(own, 'acme');
    expect(await worker.tasks.offer(grantOf('acme', { ttlMs: 300 })).create()).toEqual({
      kind: 'refused',
      reason: 'expired',
    });
    await own.close();
    await nats.stop();
  });

  it('lets no second instance take a task', async () => {
    const { tenant, grant, read } = await begin();
    const other = openTaskWorker(connection, tenant, 'i2');
    expect(await other.tasks.offer(grant).create()).toEqual({ kind: 'refused', reason: 'taken' });
    expect((await read())?.state.instance).toBe('i1');
  });

  it('lets no caller have more living tasks than it may', async () => {
    const nats = await startNats();
    const own = await connectTo(nats.url);
    const strict = await openTaskGateway(own, { maxTasks: 1 });
    const tenant = newTenant();
    const worker = openTaskWorker(own, tenant);
    const first = await createTask(worker, grantOf(tenant));
    await until(() => [...strict.index.live()].length === 1);
    expect(await worker.tasks.offer(grantOf(tenant)).create()).toEqual({ kind: 'refused', reason: 'limit' });
    await createTask(worker, grantOf(tenant, { accountId: 'somebody-else' }));
    await first.end({ status: 'completed', result: json({}) });
    await until(() => strict.index.holdingsOf(keyOf(tenant, '')).living === 0);
    await createTask(worker, grantOf(tenant));
    strict.close();
    await own.close();
    await nats.stop();
  });
});

describe('what tasks hold', () => {
  it('is limited for each caller: a result beyond it fails its task, and a small one does not', async () => {
    const nats = await startNats();
    const own = await connectTo(nats.url);
    const strict = await openTaskGateway(own, { maxBytes: 100_000 });
    const tenant = newTenant();
    const worker = openTaskWorker(own, tenant);
    const endWith = async (bytes: number) => {
      const grant = grantOf(tenant);
      const task = await createTask(worker, grant);
      await task.end({ status: 'completed', result: json({ text: 'x'.repeat(bytes) }) });
      return strict.store.read(keyOf(tenant, grant.taskId));
    };
    expect(await endWith(60_000)).toMatchObject({ state: { status: 'completed' } });
    await until(() => strict.index.holdingsOf(keyOf(tenant, '')).bytes > 60_000);
    const failed = await endWith(60_000);
    expect(failed).toMatchObject({ state: { status: 'failed' } });
    expect(contentOf(failed)).toMatchObject({ code: -31_008, data: { executed: 'yes', traceId: 'trace' } });
    expect(await endWith(1_000)).toMatchObject({ state: { status: 'completed' } });
    expect(await endWith(20_000)).toMatchObject({ state: { status: 'completed' } });
    strict.close();
    await own.close();
    await nats.stop();
  });

  it('never exceeds what could be read back, whatever a worker sends', async () => {
    const { worker, grant, read } = await begin();
    const headers = encodeReport({ taskId: grant.taskId, grant: grant.sealed, step: 2, status: 'completed' });
    const large = json({ text: 'x'.repeat(7 * 1024 * 1024) });
    connection.publish(subjects.taskReport(worker.address), large, { headers });
    await untilAsync(async () => (await read())?.state.status === 'failed');
    expect(contentOf(await read())).toMatchObject({ code: -31_008 });
  });

  it('waits, when the stream is full, until there is room; a new task is refused', async () => {
    const nats = await startNats();
    const own = await connectTo(nats.url);
    const kept = await openTaskGateway(own);
    const jetstream = await jetstreamManager(own);
    const { config } = await jetstream.streams.info('gh_tasks');
    const tenant = newTenant();
    const worker = openTaskWorker(own, tenant);
    const grant = grantOf(tenant);
    const task = await createTask(worker, grant);
    await jetstream.streams.update('gh_tasks', { ...config, max_bytes: 2_000 });
    const ending = task.end({ status: 'completed', result: json({ text: 'x'.repeat(10_000) }) });
    await untilAsync(async () => {
      const creation = await worker.tasks.offer(grantOf(tenant)).create();
      return creation.kind === 'refused' && creation.reason === 'full';
    });
    expect(await kept.store.read(keyOf(tenant, grant.taskId))).toMatchObject({ state: { status: 'working' } });
    await jetstream.streams.update('gh_tasks', config);
    await ending;
    expect(await kept.store.read(keyOf(tenant, grant.taskId))).toMatchObject({ state: { status: 'completed' } });
    kept.close();
    await own.close();
    await nats.stop();
  });
});

describe('a worker’s own limits', () => {
  it('keep a call a call', async () => {
    const tenant = newTenant();
    const worker = openTaskWorker(connection, tenant, 'i1', 1);
    await createTask(worker, grantOf(tenant));
    expect(await worker.tasks.offer(grantOf(tenant)).create()).toEqual({ kind: 'refused', reason: 'busy' });
  });

  it('tell tasks to stop when the process ends, and wait for their endings', async () => {
    const { worker, task, read } = await begin();
    const drained = worker.tasks.drain(50);
    await until(() => task.signal.aborted);
    void task.end({ status: 'failed', error: json({ code: -31_002, message: 'ended' }) });
    await drained;
    expect((await read())?.state.status).toBe('failed');
  });
});

describe('a call that becomes a task', () => {
  it('is answered with its handle, goes on, and holds up the end of its worker until it is done', async () => {
    const tenant = newTenant();
    const definitions = definitionsOf('files');
    const caller = await openGateway(bus.url);
    const finish = Promise.withResolvers<void>();
    const worker = await startWorker(bus.url, tenant, definitions, {
      handler: async (call) => {
        const creation = await call.task?.create();
        if (creation?.kind !== 'created') throw new Error('no task');
        void finish.promise.then(() => creation.task.end({ status: 'completed', result: json({ content: [] }) }));
        return { kind: 'result', resultType: 'task', body: json({ taskId: creation.task.taskId }) };
      },
    });
    await until(() => caller.registry.isReady(tenant, 'files', definitionsDigest(definitions)));
    const instance = caller.registry.pick(tenant, 'files', definitionsDigest(definitions));
    if (!instance) throw new Error('no instance');
    expect(caller.registry.isHeard(instance.address)).toBe(true);
    const grant = grantOf(tenant);
    const request = requestOf(tenant, definitions, { task: grant });
    const outcome = await caller.calls.call(instance.address, request, () => {}, new AbortController().signal);
    expect(outcome).toMatchObject({ kind: 'answered', frame: { resultType: 'task' } });
    const stopped = worker.stop();
    await delay(400);
    expect((await gateway.store.read(keyOf(tenant, grant.taskId)))?.state.status).toBe('working');
    finish.resolve();
    await stopped;
    expect((await gateway.store.read(keyOf(tenant, grant.taskId)))?.state.status).toBe('completed');
    await caller.close();
  });
});

describe('a restart of NATS', () => {
  it('loses no task: the creation that was acknowledged, the answers and the result are there', async () => {
    const nats = await startNats();
    const own = await connectTo(nats.url);
    const kept = await openTaskGateway(own);
    const tenant = newTenant();
    const worker = openTaskWorker(own, tenant);
    const grant = grantOf(tenant);
    const task = await createTask(worker, grant);
    await nats.kill();
    const ending = task.end({ status: 'completed', result: json({ content: [] }) });
    await delay(300);
    await nats.start();
    await ending;
    expect((await kept.store.read(keyOf(tenant, grant.taskId)))?.state.status).toBe('completed');
    await until(() => kept.index.holdingsOf(keyOf(tenant, '')).living === 0);
    kept.close();
    await own.close();
    await nats.stop();
  });

  it('leaves no gap in what a gateway hears of tasks', async () => {
    const nats = await startNats();
    const own = await connectTo(nats.url);
    const kept = await openTaskGateway(own);
    const heard: string[] = [];
    kept.index.listen(({ state }) => heard.push(state.status));
    const tenant = newTenant();
    const worker = openTaskWorker(own, tenant);
    const first = await createTask(worker, grantOf(tenant));
    await nats.restart({ withoutStore: false });
    await first.end({ status: 'completed', result: json({}) });
    await until(() => heard.includes('completed'));
    expect(heard.at(0)).toBe('working');
    kept.close();
    await own.close();
    await nats.stop();
  });
});

/** Does what the gateway that took a client's words does. */
function tell(from: NatsConnection, { tenant, taskId }: TaskKey, task: Task | undefined): void {
  if (!task) throw new Error('there is no such task');
  const owner = { tenant, server: subjectToken('files'), instance: task.state.instance };
  tellOwner(from, owner, { taskId, kind: 'changed', ...unconfirmedWords(task) });
}

async function untilAsync(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await condition()) return;
    await delay(20);
  }
  throw new Error('not so within 4 s');
}
