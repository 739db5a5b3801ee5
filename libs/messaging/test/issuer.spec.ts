import { randomUUID } from 'node:crypto';
import type { TokenRevocation } from '@gatehouse/protocol';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { afterEach, describe, expect, it } from 'vitest';
import type { NatsConnection } from '../src/index.ts';
import { IssuerFeed, IssuerPublisher, subjectToken } from '../src/index.ts';
import { connectTo, logger, sharedNatsUrl, until } from './bus.ts';
import { startNats } from './nats.ts';

const cleanUps: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

const keySet = { keys: [{ kid: 'k1' }] };
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;
const revocationOf = (id: string, more: Partial<TokenRevocation> = {}): TokenRevocation => ({
  tenant: 'acme',
  kind: 'grant',
  id,
  expiresAt: inSeconds(60),
  ...more,
});

async function connect(url = sharedNatsUrl()): Promise<NatsConnection> {
  const connection = await connectTo(url);
  cleanUps.push(() => connection.close());
  return connection;
}

/** A gateway's ear, with what it heard. */
function follow(connection: NatsConnection, issuer: string) {
  const heard: string[] = [];
  const unknownForMs: number[] = [];
  const feed = new IssuerFeed(connection, issuer, logger, {
    onRevoked: ({ id }) => heard.push(id),
    onKeySet: () => heard.push('keys'),
    onCurrent: (durationMs) => unknownForMs.push(durationMs),
  });
  cleanUps.push(() => feed.close());
  return { feed, heard, unknownForMs };
}

describe('what an issuer tells gateways', () => {
  it('is complete with its epoch, not before, and arrives at once from then on', async () => {
    const issuer = randomUUID();
    const connection = await connect();
    const publisher = new IssuerPublisher(connection, issuer);
    const gateway = follow(await connect(), issuer);
    // The stream is there: it is every issuer's.
    await new IssuerPublisher(connection, randomUUID()).publishAll({ keySet, revocations: [] });
    expect(await publisher.hasEpoch()).toBe(false);
    await publisher.publishRevocations([revocationOf('g1')]);
    await until(() => gateway.heard.includes('g1'));
    expect(gateway.feed.state).toBe('incomplete');
    await publisher.publishAll({ keySet, revocations: [revocationOf('g1'), revocationOf('g2')] });
    await until(() => gateway.feed.state === 'current');
    expect(gateway.heard).toEqual(['g1', 'keys', 'g1', 'g2']);
    expect(await publisher.hasEpoch()).toBe(true);
    const toldAt = performance.now();
    await publisher.publishRevocations([revocationOf('g3')]);
    await until(() => gateway.heard.includes('g3'));
    expect(performance.now() - toldAt).toBeLessThan(500);
    const later = follow(await connect(), issuer);
    await until(() => later.feed.state === 'current');
    expect(later.heard.toSorted()).toEqual(['g1', 'g2', 'g3', 'keys']);
  });

  it('is one entry for what is told twice, and is gone when it has expired', async () => {
    const issuer = randomUUID();
    const connection = await connect();
    const publisher = new IssuerPublisher(connection, issuer);
    const account = { kind: 'account', tenant: 'acme.*' } as const;
    const revocations = [
      revocationOf('a >', { ...account, issuedBefore: 1, expiresAt: inSeconds(1) }),
      revocationOf('a >', { ...account, issuedBefore: 2 }),
      revocationOf('a >', { ...account, issuedBefore: 2 }),
      revocationOf('a >', { ...account, kind: 'client' }),
    ];
    await publisher.publishAll({ keySet, revocations });
    await publisher.publishAll({ keySet, revocations });
    const manager = await jetstreamManager(connection);
    const stored = async () => {
      const filter = `gh.issuer.${subjectToken(issuer)}.revoked.>`;
      const { state } = await manager.streams.info('gh_issuer', { subjects_filter: filter });
      return Object.values(state.subjects ?? {});
    };
    expect(await stored()).toEqual([1, 1, 1]);
    await expect.poll(stored, { timeout: 5_000 }).toEqual([1, 1]);
  });

  it('is complete without what expires before it is sent', async () => {
    const issuer = randomUUID();
    const own = await connect();
    const publisher = new IssuerPublisher(own, issuer);
    await publisher.publishAll({ keySet, revocations: [revocationOf('g1')] });
    await publisher.publishRevocations([revocationOf('g2')]);
    const connection = await connect();
    const request = connection.request.bind(connection);
    // NATS has counted the entries, and sends none before the gateway listens.
    connection.request = async (natsSubject, ...rest) => {
      const answer = await request(natsSubject, ...rest);
      if (natsSubject.includes('CONSUMER.CREATE')) {
        const manager = await jetstreamManager(own);
        await manager.streams.purge('gh_issuer', { filter: `gh.issuer.${subjectToken(issuer)}.revoked.>` });
      }
      return answer;
    };
    const gateway = follow(connection, issuer);
    await until(() => gateway.feed.state === 'current');
    expect(gateway.heard).toEqual(['keys']);
  });

  it('is not believed under a subject that says something else', async () => {
    const issuer = randomUUID();
    const connection = await connect();
    const gateway = follow(await connect(), issuer);
    const publisher = new IssuerPublisher(connection, issuer);
    await publisher.publishAll({ keySet, revocations: [] });
    const prefix = `gh.issuer.${subjectToken(issuer)}.revoked.acme`;
    const content = JSON.stringify(revocationOf('g1'));
    for (const natsSubject of [`${prefix}.grant.g2`, `${prefix}.token.g1`, `${prefix.replace('acme', 'b')}.grant.g1`])
      await jetstream(connection).publish(natsSubject, content);
    for (const broken of ['', '{', '[]', '{"id":"g1"}'])
      await jetstream(connection).publish(`${prefix}.grant.g1`, broken);
    await publisher.publishRevocations([revocationOf('g3')]);
    await until(() => gateway.heard.includes('g3'));
    expect(gateway.heard).toEqual(['keys', 'g3']);
  });
});

describe('a gateway that is busy', () => {
  it('is sent no more than it takes, so that NATS does not cut it off', async () => {
    const issuer = randomUUID();
    const connection = await connect();
    const gateway = follow(await connect(), issuer);
    await new IssuerPublisher(connection, issuer).publishAll({ keySet, revocations: [] });
    await until(() => gateway.feed.state === 'current');
    const filter = `gh.issuer.${subjectToken(issuer)}.>`;
    const watches: unknown[] = [];
    for await (const { config } of (await jetstreamManager(connection)).consumers.list('gh_issuer'))
      if (config.filter_subject === filter) watches.push(config);
    expect(watches).toEqual([expect.objectContaining({ flow_control: true })]);
  });
});

describe('a gateway that loses NATS', () => {
  it('is stale after two seconds, and current again when everything was told again', async () => {
    const nats = await startNats();
    cleanUps.push(() => nats.stop());
    const issuer = randomUUID();
    const gateway = follow(await connect(nats.url), issuer);
    const before = new IssuerPublisher(await connect(nats.url), issuer);
    await before.publishAll({ keySet, revocations: [revocationOf('g1')] });
    await until(() => gateway.feed.state === 'current');

    const lostAt = performance.now();
    nats.signal('SIGSTOP');
    await until(() => gateway.feed.state === 'stale');
    expect(performance.now() - lostAt).toBeGreaterThan(1_900);
    expect(performance.now() - lostAt).toBeLessThan(3_000);

    await nats.restart({ withoutStore: true });
    const connection = await connect(nats.url);
    const publisher = new IssuerPublisher(connection, issuer);
    // The stream is there again, for another issuer. What the gateway knew of this one, and what it hears now, is not
    // enough: something else may have been revoked meanwhile.
    await new IssuerPublisher(connection, randomUUID()).publishAll({ keySet, revocations: [] });
    gateway.heard.length = 0;
    await publisher.publishRevocations([revocationOf('g2')]);
    await until(() => gateway.heard.includes('g2'));
    expect([gateway.feed.state, await publisher.hasEpoch()]).toEqual(['stale', false]);
    await publisher.publishAll({ keySet, revocations: [revocationOf('g1'), revocationOf('g2')] });
    await until(() => gateway.feed.state === 'current');
    expect(new Set(gateway.heard)).toEqual(new Set(['g2', 'keys', 'g1']));
    expect(gateway.unknownForMs).toHaveLength(2);
  });

  it('reads again what was told while its watch was gone, though the connection held', async () => {
    const issuer = randomUUID();
    const connection = await connect();
    const publisher = new IssuerPublisher(connection, issuer);
    const gateway = follow(await connect(), issuer);
    await publisher.publishAll({ keySet, revocations: [] });
    await until(() => gateway.feed.state === 'current');
    const manager = await jetstreamManager(connection);
    const filter = `gh.issuer.${subjectToken(issuer)}.>`;
    for await (const { name, config } of manager.consumers.list('gh_issuer'))
      if (config.filter_subject === filter) await manager.consumers.delete('gh_issuer', name);
    await publisher.publishRevocations([revocationOf('g1')]);
    await until(() => gateway.heard.includes('g1'));
    expect(gateway.feed.state).not.toBe('incomplete');
  });
});
