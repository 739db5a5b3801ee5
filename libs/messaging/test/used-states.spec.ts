import { randomBytes } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NatsConnection, NatsRole } from '../src/index.ts';
import { inboxPrefix, rolePermissions, UsedStates } from '../src/index.ts';
import { connectTo } from './bus.ts';
import { startNats } from './nats.ts';

const gatewayRole: NatsRole = { role: 'gateway' };
const workerRole: NatsRole = { role: 'worker', tenant: 'acme', servers: ['bank'] };

describe('states that may be used once', { timeout: 30_000 }, () => {
  let nats: Awaited<ReturnType<typeof startNats>>;
  const connections: NatsConnection[] = [];

  const connectAs = async (role: NatsRole) => {
    const identity = { user: role.role, password: role.role, inboxPrefix: inboxPrefix(role) };
    const connection = await connectTo(nats.url, identity);
    connections.push(connection);
    return connection;
  };
  const openStates = async () => {
    const states = new UsedStates(await connectAs(gatewayRole));
    await states.open();
    return states;
  };
  const newState = () => randomBytes(300).toString('base64url');

  beforeAll(async () => {
    const identities = [gatewayRole, workerRole].map((role) => ({
      user: role.role,
      password: role.role,
      permissions: rolePermissions(role),
    }));
    const all = { publish: { allow: ['>'] }, subscribe: { allow: ['>'] } };
    nats = await startNats([...identities, { user: 'spy', password: 'spy', permissions: all }]);
  });
  afterEach(() => Promise.all(connections.splice(0).map((connection) => connection.close())));
  afterAll(() => nats.stop());

  it('are taken by one of many gateways that are given the same one at the same time', async () => {
    const gateways = await Promise.all([openStates(), openStates()]);
    for (let round = 0; round < 20; round++) {
      const state = newState();
      const attempts = Array.from({ length: 10 }, (_, index) => gateways[index % 2]?.use('acme', state));
      const taken = (await Promise.all(attempts)).filter((one) => one !== undefined);
      expect(taken).toHaveLength(1);
    }
  });

  it('are told apart, and by tenant', async () => {
    const states = await openStates();
    const state = newState();
    expect(await states.use('acme', state)).toBeDefined();
    expect(await states.use('acme', `${state}A`)).toBeDefined();
    expect(await states.use('other', state)).toBeDefined();
    expect(await states.use('acme', state)).toBeUndefined();
  });

  it('can be used again once what they were used for is known not to have run', async () => {
    const states = await openStates();
    const state = newState();
    const used = await states.use('acme', state);
    expect(used).toBeDefined();
    if (used) await states.release(used);
    expect(await states.use('acme', state)).toBeDefined();
    expect(await states.use('acme', state)).toBeUndefined();
  });

  it('stay used when every gateway and NATS are killed', async () => {
    const state = newState();
    await (await openStates()).use('acme', state);
    await Promise.all(connections.splice(0).map((connection) => connection.close()));
    await nats.restart({ withoutStore: false });
    const states = await openStates();
    expect(await states.use('acme', state)).toBeUndefined();
  });

  it('are refused while there is no store, and taken again once it is opened', async () => {
    await nats.restart({ withoutStore: true });
    const states = new UsedStates(await connectAs(gatewayRole));
    await expect(states.use('acme', newState())).rejects.toThrow(/no responders|stream/i);
    await states.open();
    expect(await states.use('acme', newState())).toBeDefined();
  });

  it('are remembered for longer than a state lives, without their content', async () => {
    const states = await openStates();
    const state = newState();
    await states.use('acme', state);
    const spy = await connectTo(nats.url, { user: 'spy', password: 'spy', inboxPrefix: '_INBOX_spy' });
    connections.push(spy);
    const jetstream = await jetstreamManager(spy);
    const { config } = await jetstream.streams.info('gh_used_states');
    expect(config).toMatchObject({ max_age: 45 * 60 * 1e9, discard: 'new', max_msgs_per_subject: 1 });
    const entry = await jetstream.streams.getMessage('gh_used_states', { last_by_subj: 'gh.used.acme.*' });
    expect(entry?.data).toHaveLength(0);
    expect(entry?.subject).toMatch(/^gh\.used\.acme\.[0-9a-f]{40}$/);
  });

  it('are not the business of workers', async () => {
    await openStates();
    const worker = new UsedStates(await connectAs(workerRole));
    await expect(worker.use('acme', newState())).rejects.toThrow(/permission|timeout/i);
  });
});
