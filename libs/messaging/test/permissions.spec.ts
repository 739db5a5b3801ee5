import type { NatsIdentity } from '@gatehouse/start';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NatsConnection, NatsRole, StepUpRequest } from '../src/index.ts';
import {
  connectNats,
  definitionsDigest,
  inboxPrefix,
  IssuerFeed,
  IssuerPublisher,
  receiveStepUpRequests,
  requestStepUp,
  rolePermissions,
  serveCalls,
  TaskStore,
  watchCatalog,
} from '../src/index.ts';
import { definitionsOf, echo, logger, openGateway, requestOf, until } from './bus.ts';
import { encodeReport } from '../src/tasks/task-wire.ts';
import { startNats } from './nats.ts';
import { createTask, grantOf, keyOf, openTaskGateway, openTaskWorker } from './tasks.ts';

const roles: Record<string, NatsRole> = {
  gateway: { role: 'gateway' },
  'authorization-server': { role: 'authorization-server' },
  files: { role: 'worker', tenant: 'acme', servers: ['files'] },
  pair: { role: 'worker', tenant: 'acme', servers: ['notes', 'files-archive'] },
  stranger: { role: 'worker', tenant: 'other', servers: ['files'] },
};

let nats: Awaited<ReturnType<typeof startNats>>;
const connections = new Map<string, NatsConnection>();

function connectionOf(user: string): NatsConnection {
  const connection = connections.get(user);
  if (!connection) throw new Error(`${user} is not connected`);
  return connection;
}

beforeAll(async () => {
  const identities: NatsIdentity[] = Object.entries(roles).map(([user, role]) => ({
    user,
    password: `password-of-${user}`,
    permissions: rolePermissions(role),
  }));
  const all = { publish: { allow: ['>'] }, subscribe: { allow: ['>'] } };
  nats = await startNats([...identities, { user: 'spy', password: 'password-of-spy', permissions: all }]);
  for (const user of [...Object.keys(roles), 'spy']) connections.set(user, await connectAs(user));
});
afterAll(async () => {
  await Promise.all([...connections.values()].map((connection) => connection.close()));
  await nats.stop();
});

function connectAs(user: string): Promise<NatsConnection> {
  const role = roles[user];
  const prefix = role ? inboxPrefix(role) : '_INBOX';
  const identity = { user, password: `password-of-${user}`, inboxPrefix: prefix };
  return connectNats({ servers: nats.url, name: user, ...identity, logger });
}

/** True when a message that `user` publishes reaches a subscriber that may hear everything. */
async function mayPublish(user: string, natsSubject: string): Promise<boolean> {
  let heard = false;
  const subscription = connectionOf('spy').subscribe(natsSubject, {
    callback: () => {
      heard = true;
    },
  });
  await connectionOf('spy').flush();
  connectionOf(user).publish(natsSubject, 'x');
  await connectionOf(user).flush();
  await connectionOf('spy').flush();
  subscription.unsubscribe();
  return heard;
}

/** True when `user` hears what is published on a subject that its subscription covers. */
async function maySubscribe(user: string, pattern: string, natsSubject = pattern): Promise<boolean> {
  let heard = false;
  const subscription = connectionOf(user).subscribe(pattern, {
    callback: (error) => {
      heard ||= !error;
    },
  });
  await connectionOf(user).flush();
  connectionOf('spy').publish(natsSubject, 'x');
  await connectionOf('spy').flush();
  await connectionOf(user).flush();
  subscription.unsubscribe();
  return heard;
}

const digest = 'a'.repeat(40);

describe('a worker’s identity', () => {
  it.each([
    ['a beat of its own server', 'gh.beat.acme.files.i1'],
    ['an answer to a call of its own server', 'gh.reply.acme.files.g1.t1'],
    ['an announcement of its own server', `gh.announce.acme.files.${digest}`],
    ['changes of its own server', 'gh.changed.acme.files'],
  ])('may publish %s', async (_, natsSubject) => {
    expect(await mayPublish('files', natsSubject)).toBe(true);
  });

  it.each([
    ['a call, even to itself', 'gh.call.acme.files.i1'],
    ['a cancellation', 'gh.control.acme.files.i1'],
    ['a beat of another server', 'gh.beat.acme.mail.i1'],
    ['a beat of another tenant', 'gh.beat.other.files.i1'],
    ['an answer for another server', 'gh.reply.acme.mail.g1.t1'],
    ['an answer for another tenant', 'gh.reply.other.files.g1.t1'],
    ['changes of another server', 'gh.changed.acme.mail'],
    ['changes of another tenant', 'gh.changed.other.files'],
    ['an announcement of another server', `gh.announce.acme.mail.${digest}`],
    ['an announcement of a server whose name its own begins', `gh.announce.acme.files-archive.${digest}`],
    ['an announcement of another tenant', `gh.announce.other.files.${digest}`],
    ['the answer to an announcement', `gh.announced.acme.files.${digest}`],
    ['an entry of the catalog, not even its own', `$KV.gh_catalog.acme.files.${digest}`],
    ['a report of another server’s tasks', 'gh.task-report.acme.mail.i1'],
    ['a report of another tenant’s tasks', 'gh.task-report.other.files.i1'],
    ['what gateways say of tasks', 'gh.task-news.acme.files.i1'],
    ['a revocation', 'gh.issuer.i1.revoked.acme.grant.g1'],
    ['that all revocations are told', 'gh.issuer.i1.epoch'],
    ['keys', 'gh.issuer.i1.keys'],
    ['a watch of revocations', '$JS.API.CONSUMER.CREATE.gh_issuer.w1.gh.issuer.i1.>'],
    ['the deletion of revocations', '$JS.API.STREAM.DELETE.gh_issuer'],
    ['the report of a challenge', 'gh.step-up.acme'],
    ['a task, not even its own', 'gh.task.acme.p1.t1'],
    ['a read of tasks', '$JS.API.STREAM.MSG.GET.gh_tasks'],
    ['the deletion of the tasks', '$JS.API.STREAM.DELETE.gh_tasks'],
    ['a gateway’s self-beat', 'gh.bus.g1'],
    ['into a gateway’s inbox', '_INBOX_gateway.x'],
    ['the deletion of the catalog', '$JS.API.STREAM.DELETE.KV_gh_catalog'],
    ['a purge of the catalog', '$JS.API.STREAM.PURGE.KV_gh_catalog'],
    ['a change of the catalog', '$JS.API.STREAM.UPDATE.KV_gh_catalog'],
    ['a stream of its own', '$JS.API.STREAM.CREATE.mine'],
    ['a direct read', `$JS.API.DIRECT.GET.KV_gh_catalog.$KV.gh_catalog.acme.files.${digest}`],
    ['any request to JetStream', '$JS.API.INFO'],
    ['to the system', '$SYS.REQ.SERVER.PING'],
  ])('may not publish %s', async (_, natsSubject) => {
    expect(await mayPublish('files', natsSubject)).toBe(false);
  });

  it('cannot make anybody speak for it by naming a foreign reply subject', async () => {
    const view = await watchCatalog(connectionOf('gateway'), logger);
    const tasks = await openTaskGateway(connectionOf('gateway'));
    const foreign = [
      'gh.call.other.files.i1',
      'gh.beat.other.files.i1',
      'gh.task.other.p1.t1',
      `$KV.gh_catalog.other.files.${digest}`,
    ];
    const heard: string[] = [];
    const spying = foreign.map((natsSubject) =>
      connectionOf('spy').subscribe(natsSubject, {
        callback: (_error, message) => {
          heard.push(message.subject);
        },
      }),
    );
    await connectionOf('spy').flush();
    const definitions = definitionsOf('files');
    const announcement = JSON.stringify({ tenant: 'acme', definitions });
    const stored = new Promise((resolve) => {
      connectionOf('files').subscribe('gh.announced.acme.files.*', { max: 1, callback: resolve });
    });
    for (const reply of foreign) {
      for (const publishable of rolePermissions(roles.files ?? { role: 'gateway' }).publish.allow) {
        const natsSubject = publishable.replace(/\*$/, definitionsDigest(definitions)).replaceAll('*', 'any');
        connectionOf('files').publish(natsSubject, announcement, { reply });
        const grant = grantOf('acme');
        const headers = encodeReport({ taskId: grant.taskId, grant: grant.sealed, step: 1, status: 'working' });
        connectionOf('files').publish(natsSubject, '', { reply, headers });
      }
    }
    await stored;
    await connectionOf('gateway').flush();
    await connectionOf('spy').flush();
    expect(heard).toEqual([]);
    for (const subscription of spying) subscription.unsubscribe();
    tasks.close();
    view.close();
  });

  it.each([
    ['calls of another server', 'gh.call.acme.mail.*', 'gh.call.acme.mail.i1'],
    ['calls of another tenant', 'gh.call.other.files.*', 'gh.call.other.files.i1'],
    ['calls of every server', 'gh.call.>', 'gh.call.acme.mail.i1'],
    ['answers to gateways', 'gh.reply.acme.files.g1.*', 'gh.reply.acme.files.g1.t1'],
    ['beats', 'gh.beat.>', 'gh.beat.acme.files.i1'],
    ['changes, not even its own', 'gh.changed.>', 'gh.changed.acme.files'],
    ['tasks', 'gh.task.>', 'gh.task.acme.p1.t1'],
    ['revocations', 'gh.issuer.>', 'gh.issuer.i1.revoked.acme.grant.g1'],
    ['reports of challenges', 'gh.step-up.*', 'gh.step-up.acme'],
    ['reports of tasks, not even those of its own server', 'gh.task-report.>', 'gh.task-report.acme.files.i2'],
    ['what concerns another server’s tasks', 'gh.task-news.acme.mail.*', 'gh.task-news.acme.mail.i1'],
    ['announcements', '$KV.gh_catalog.>', `$KV.gh_catalog.acme.files.${digest}`],
    ['a gateway’s inbox', '_INBOX_gateway.>', '_INBOX_gateway.x'],
    ['another worker’s inbox', '_INBOX_worker.>', '_INBOX_worker.acme.files-archive_notes.x'],
    ['the usual inboxes', '_INBOX.>', '_INBOX.x'],
    ['everything', '>', 'anything'],
  ])('may not hear %s', async (_, pattern, natsSubject) => {
    expect(await maySubscribe('files', pattern, natsSubject)).toBe(false);
  });

  it('may hear calls of its own server and its own inbox', async () => {
    expect(await maySubscribe('files', 'gh.call.acme.files.i1')).toBe(true);
    expect(await maySubscribe('files', '_INBOX_worker.acme.files.x')).toBe(true);
    expect(await maySubscribe('pair', '_INBOX_worker.acme.files-archive_notes.x')).toBe(true);
  });
});

describe('a gateway’s identity', () => {
  it.each([
    ['an announcement', `gh.announce.acme.files.${digest}`],
    ['a beat', 'gh.beat.acme.files.i1'],
    ['changes', 'gh.changed.acme.files'],
    ['an answer', 'gh.reply.acme.files.g1.t1'],
    ['the deletion of the catalog', '$JS.API.STREAM.DELETE.KV_gh_catalog'],
    ['a change of the catalog', '$JS.API.STREAM.UPDATE.KV_gh_catalog'],
    ['a report of a task', 'gh.task-report.acme.files.i1'],
    ['the deletion of the tasks', '$JS.API.STREAM.DELETE.gh_tasks'],
    ['a purge of the tasks', '$JS.API.STREAM.PURGE.gh_tasks'],
    ['a change of the tasks', '$JS.API.STREAM.UPDATE.gh_tasks'],
    ['a revocation', 'gh.issuer.i1.revoked.acme.grant.g1'],
    ['that all revocations are told', 'gh.issuer.i1.epoch'],
    ['keys', 'gh.issuer.i1.keys'],
    ['a stream of revocations', '$JS.API.STREAM.CREATE.gh_issuer'],
    ['the deletion of revocations', '$JS.API.STREAM.DELETE.gh_issuer'],
    ['a purge of revocations', '$JS.API.STREAM.PURGE.gh_issuer'],
    ['the deletion of a revocation', '$JS.API.STREAM.MSG.DELETE.gh_issuer'],
  ])('may not publish %s', async (_, natsSubject) => {
    expect(await mayPublish('gateway', natsSubject)).toBe(false);
  });

  it('may not hear calls or the inboxes of workers', async () => {
    expect(await maySubscribe('gateway', 'gh.call.>', 'gh.call.acme.files.i1')).toBe(false);
    expect(await maySubscribe('gateway', '_INBOX_worker.>', '_INBOX_worker.acme.files.x')).toBe(false);
  });
});

describe('the authorization server’s identity', () => {
  it.each([
    'gh.call.acme.files.i1',
    'gh.beat.acme.files.i1',
    `gh.announce.acme.files.${digest}`,
    'gh.bus.g1',
    'gh.task.acme.p1.t1',
    'gh.task-news.acme.files.i1',
    'gh.step-up.acme',
    '_INBOX_gateway.x',
    '$JS.API.STREAM.MSG.GET.gh_tasks',
    '$JS.API.STREAM.DELETE.gh_issuer',
    '$JS.API.STREAM.PURGE.gh_issuer',
    '$JS.API.STREAM.UPDATE.gh_issuer',
  ])('may not publish %s', async (natsSubject) => {
    expect(await mayPublish('authorization-server', natsSubject)).toBe(false);
  });

  it('may read the catalog', async () => {
    const view = await watchCatalog(connectionOf('authorization-server'), logger);
    expect(view.servers()).toBeDefined();
    view.close();
  });
});

describe('under these identities', () => {
  it('announcing, beating, calling and answering all work', async () => {
    const gateway = await openGateway(nats.url, () => connectAs('gateway'));
    const definitions = definitionsOf('notes');
    const server = serveCalls({
      connection: connectionOf('pair'),
      tenant: 'acme',
      servers: [
        { definitions, handler: echo },
        { definitions: definitionsOf('files-archive'), handler: echo },
      ],
      concurrency: 4,
      logger,
    });
    await server.ready;
    const request = requestOf('acme', definitions);
    await until(() => gateway.registry.isReady('acme', 'notes', definitionsDigest(definitions)));
    const instance = gateway.registry.pick('acme', 'notes', request.digest);
    if (!instance) throw new Error('no instance');
    const outcome = await gateway.calls.call(instance.address, request, () => {}, new AbortController().signal);
    expect(outcome).toMatchObject({ kind: 'answered' });
    expect(await gateway.calls.probe(instance.address, 1_000)).toMatchObject({ kind: 'alive' });
    await until(() => gateway.catalog.servers().some(({ name }) => name === 'files-archive'));
    const ping = await connectionOf('spy').request('$SRV.PING.notes', '', { timeout: 1_000 });
    expect(ping.json()).toMatchObject({ name: 'notes' });
    await server.drain();
    await gateway.close();
  });

  it('a task is created by a worker, stored by a gateway and read by it', async () => {
    const tasks = await openTaskGateway(connectionOf('gateway'));
    const worker = openTaskWorker(connectionOf('files'), 'acme');
    const grant = grantOf('acme');
    await createTask(worker, grant);
    expect(await tasks.store.read(keyOf('acme', grant.taskId))).toMatchObject({ state: { status: 'working' } });
    worker.close();
    tasks.close();
  });

  it('the authorization server tells keys and revocations, and a gateway hears of them', async () => {
    const issuer = 'https://login.example';
    const revocation = { tenant: 'acme', kind: 'grant', id: 'g1', expiresAt: Date.now() / 1_000 + 60 } as const;
    // More than NATS sends before it is told that it was taken.
    const others = Array.from({ length: 60 }, (_, n) => ({ ...revocation, id: `g${n}`.padEnd(60_000) }));
    const publisher = new IssuerPublisher(connectionOf('authorization-server'), issuer);
    await publisher.publishAll({ keySet: { keys: [{ kid: 'k1' }] }, revocations: [revocation, ...others] });
    expect(await publisher.hasEpoch()).toBe(true);
    const heard: unknown[] = [];
    const feed = new IssuerFeed(connectionOf('gateway'), issuer, logger, {
      onKeySet: (keySet) => heard.push(keySet),
      onRevoked: (revoked) => heard.push(revoked),
      onCurrent: () => {},
    });
    await until(() => feed.state === 'current');
    expect(heard).toEqual([{ keys: [{ kid: 'k1' }] }, revocation, ...others]);
    feed.close();
  });

  it('a gateway reports a challenge, and hears when the authorization server is through with it', async () => {
    const taken: StepUpRequest[] = [];
    const report = { tenant: 'acme', grantId: 'g1', oauthClientId: 'c1', scopes: ['mcp', 'files:write'] };
    const receiving = receiveStepUpRequests(connectionOf('authorization-server'), logger, async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      taken.push(request);
    });
    await connectionOf('authorization-server').flush();
    await requestStepUp(connectionOf('gateway'), report, 2_000);
    expect(taken).toEqual([report]);
    receiving.unsubscribe();
  });

  it('who may not keep tasks is told so in one sentence', async () => {
    const store = new TaskStore(connectionOf('authorization-server'));
    await expect(store.open()).rejects.toThrow('NATS denies this identity the tasks: check NATS_USER');
  });

  it('a worker that offers somebody else’s server is told so in one sentence', async () => {
    const server = serveCalls({
      connection: connectionOf('files'),
      tenant: 'acme',
      servers: [{ definitions: definitionsOf('mail'), handler: echo }],
      concurrency: 1,
      logger,
    });
    await expect(server.ready).rejects.toThrow(/^NATS denies this worker the server mail of tenant acme: /);
  });

  it.each([
    ['a wrong password', { user: 'gateway', password: 'wrong' }],
    ['no identity', {}],
  ])('a connection with %s is refused with one sentence', async (_, identity) => {
    const options = { servers: nats.url, name: 'test', inboxPrefix: '_INBOX_gateway', logger, ...identity };
    await expect(connectNats(options)).rejects.toThrow(/^NATS at .* refuses this identity: check NATS_USER/);
  });
});
