import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { definitionsDigest } from '@gatehouse/messaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toolsOf } from '../../support/call-mcp.ts';
import { definitionsOf } from '../../support/worker-side.ts';
import { listAtEachGateway, stack, statusesOf } from '../stack/running-stack.ts';

const mail = definitionsOf('mail');
const digest = definitionsDigest(mail);
const announcement = JSON.stringify({ tenant: 'default', definitions: mail });

describe('an identity at NATS', () => {
  const connections = new Map<string, NatsConnection>();

  beforeAll(async () => {
    for (const { user, password } of Object.values(stack().nats.identities))
      connections.set(user, await connect({ servers: stack().nats.url, user, pass: password }));
  });
  afterAll(() => Promise.all([...connections.values()].map((connection) => connection.close())));

  const connectionOf = (user: string) => {
    const connection = connections.get(user);
    if (!connection) throw new Error(`${user} is not connected`);
    return connection;
  };

  /** How many messages reach the bus when somebody publishes one. */
  async function heardFrom(user: string, natsSubject: string, payload = announcement): Promise<number> {
    const observer = connectionOf('observer');
    let heard = 0;
    const subscription = observer.subscribe(natsSubject, {
      callback: () => {
        heard++;
      },
    });
    await observer.flush();
    connectionOf(user).publish(natsSubject, payload);
    await connectionOf(user).flush();
    await observer.flush();
    subscription.unsubscribe();
    return heard;
  }

  it.each([
    ['a worker', 'worker', 'gh.changed.default.files'],
    ['a gateway', 'gateway', 'gh.call.default.nobody.i1'],
    ['an authorization server', 'authorization-server', 'gh.issuer.other.revoked.default.token.x'],
  ])(
    'of %s may publish what is its own, so that the refusals below have their reason in the subject',
    async (_who, user, natsSubject) => {
      expect(await heardFrom(user, natsSubject, '{}')).toBe(1);
    },
  );

  it.each([
    ['a call, even to its own server', 'gh.call.default.files.i1'],
    ['a call to another server', 'gh.call.default.mail.i1'],
    ['a cancellation', 'gh.control.default.files.i1'],
    ['the announcement of another server', `gh.announce.default.mail.${digest}`],
    ['the announcement of another tenant', `gh.announce.other.files.${digest}`],
    ['an entry of the catalog', `$KV.gh_catalog.default.mail.${digest}`],
    ['the answer of another server', 'gh.reply.default.mail.g1.t1'],
    ['a beat of another server', 'gh.beat.default.mail.i1'],
    ['a task', 'gh.task.default.p1.t1'],
    ['a revocation', 'gh.issuer.other.revoked.default.account.x'],
    ['that all revocations have been told', 'gh.issuer.other.epoch'],
    ['keys', 'gh.issuer.other.keys'],
    ['a challenge that a gateway gave', 'gh.step-up.default'],
    ['the deletion of the catalog', '$JS.API.STREAM.DELETE.KV_gh_catalog'],
    ['the deletion of the revocations', '$JS.API.STREAM.DELETE.gh_issuer'],
    ['a purge of the revocations', '$JS.API.STREAM.PURGE.gh_issuer'],
  ])('of a worker cannot publish %s', async (_what, natsSubject) => {
    expect(await heardFrom('worker', natsSubject)).toBe(0);
  });

  it.each([
    ['a revocation', 'gh.issuer.other.revoked.default.account.x'],
    ['that all revocations have been told', 'gh.issuer.other.epoch'],
    ['keys', 'gh.issuer.other.keys'],
    ['the deletion of the revocations', '$JS.API.STREAM.DELETE.gh_issuer'],
    ['a purge of the revocations', '$JS.API.STREAM.PURGE.gh_issuer'],
    ['the removal of a revocation', '$JS.API.STREAM.MSG.DELETE.gh_issuer'],
  ])('of a gateway cannot publish %s', async (_what, natsSubject) => {
    expect(await heardFrom('gateway', natsSubject)).toBe(0);
  });

  it('of a worker makes no gateway list a server that it is not, or refuse a token', async () => {
    const { access_token: token } = await stack().client.obtainTokens();
    for (const natsSubject of [`gh.announce.default.mail.${digest}`, 'gh.beat.default.mail.i1', 'gh.issuer.x.epoch'])
      connectionOf('worker').publish(natsSubject, announcement);
    await connectionOf('worker').flush();
    for (const answer of await listAtEachGateway(token)) {
      const names = toolsOf(answer).map(({ name }) => name);
      expect(names.length).toBeGreaterThan(0);
      expect(names.filter((name) => !name.startsWith('files__'))).toEqual([]);
    }
    expect(await statusesOf(token)).toEqual([200, 200]);
  });
});
