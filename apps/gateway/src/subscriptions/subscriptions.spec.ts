import type { Principal } from '@gatehouse/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import type { Revocations } from '../authorization/revocations.ts';
import type { GatewaySettings } from '../config.ts';
import { Notification } from './notification.ts';
import { Subscription } from './subscription.ts';
import { Subscriptions } from './subscriptions.ts';

const topic = { group: 'lists default *', key: 'tools' };
const changed = () => new Notification('notifications/tools/list_changed');
const settings = { GATEWAY_MAX_STREAMS_PER_ACCOUNT: 2, GATEWAY_STREAM_MAX_AGE: 60 } as GatewaySettings;
const ofAccount = (accountId: string, tenant = 'default') => ({ accountId, tenant, issuer: 'i' }) as Principal;

let revoked = false;
const revocations = { onRevoked: () => {}, isRevoked: () => revoked } as unknown as Revocations;
let subscriptions: Subscriptions;
afterEach(() => subscriptions.onModuleDestroy());

/** Adds subscriptions, and counts what each hears. */
function open(count: number, principal = ofAccount('a')) {
  subscriptions = new Subscriptions(settings, revocations);
  return Array.from({ length: count }, (_, id) => {
    const listener = { heard: 0, ended: '', subscription: undefined as unknown as Subscription };
    const notify = () => {
      listener.heard++;
      return true;
    };
    const onEnd = (end: string) => {
      listener.ended = end;
      subscriptions.remove(listener.subscription);
    };
    listener.subscription = new Subscription({ id, principal, topics: [topic] }, { notify }, onEnd);
    subscriptions.add(listener.subscription);
    return listener;
  });
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a broadcast', () => {
  it('reaches thousands, and leaves the event loop to others in between', async () => {
    const listeners = open(2_000);
    subscriptions.broadcast(topic, changed());
    await turn();
    expect(listeners.at(-1)?.heard).toBe(0);
    while (listeners.at(-1)?.heard === 0) await turn();
    expect(listeners.every(({ heard }) => heard === 1)).toBe(true);
  });

  it('of many topics leaves the event loop to others too, and keeps their order', async () => {
    subscriptions = new Subscriptions(settings, revocations);
    const topics = Array.from({ length: 1_000 }, (_, number) => ({ group: 'resources', key: `${number}` }));
    const heard: unknown[] = [];
    const notify = (message: Uint8Array) => {
      const { params } = JSON.parse(Buffer.from(message).toString()) as { params: { number: number } };
      return heard.push(params.number) > 0;
    };
    subscriptions.add(new Subscription({ id: 1, principal: ofAccount('a'), topics }, { notify }, () => {}));
    topics.forEach((each, number) => subscriptions.broadcast(each, new Notification('n', { number })));
    expect(heard.length).toBeLessThan(1_000);
    while (heard.length < 1_000) await turn();
    expect(heard).toEqual(topics.map((_, number) => number));
  });

  it('does not reach who left meanwhile', async () => {
    const listeners = open(600);
    subscriptions.broadcast(topic, changed());
    for (const { subscription } of listeners.slice(300, 599)) subscription.end('client-left');
    while (listeners.at(-1)?.heard === 0) await turn();
    expect(listeners.filter(({ heard }) => heard === 1)).toHaveLength(301);
    expect(subscriptions.size).toBe(301);
  });
});

describe('a subscription whose token was revoked while it was prepared', () => {
  afterEach(() => {
    revoked = false;
  });

  it('ends as soon as it begins', () => {
    revoked = true;
    expect(open(1).map(({ ended }) => ended)).toEqual(['revoked']);
    expect(subscriptions.size).toBe(0);
  });
});

describe('the room of an account', () => {
  it('is counted by tenant, issuer and account, and given back', () => {
    const [first] = open(2);
    const check = (principal: Principal) => () => subscriptions.checkRoom(principal, 'trace');
    expect(check(ofAccount('a'))).toThrow('Too many open subscriptions');
    expect(check(ofAccount('b'))).not.toThrow();
    expect(check(ofAccount('a', 'other'))).not.toThrow();
    first?.subscription.end('client-left');
    first?.subscription.end('client-left');
    expect(check(ofAccount('a'))).not.toThrow();
  });
});

describe('a gateway that drains', () => {
  it('ends every subscription, and at once those that still come', () => {
    const [before] = open(1);
    subscriptions.onModuleDestroy();
    const late = { ended: '' };
    const of = { id: 9, principal: ofAccount('b'), topics: [topic] };
    subscriptions.add(new Subscription(of, { notify: () => true }, (end) => void (late.ended = end)));
    expect([before?.ended, late.ended]).toEqual(['draining', 'draining']);
  });
});
