import type { Principal } from '@gatehouse/protocol';
import { describe, expect, it } from 'vitest';
import { Notification } from './notification.ts';
import { Subscription } from './subscription.ts';
import type { Topic } from './topic.ts';

const principal: Principal = {
  tenant: 'default',
  issuer: 'https://issuer.example',
  accountId: 'a',
  oauthClientId: 'c',
  scopes: [],
  roles: [],
  tokenId: 't',
  expiresAt: 0,
};
const topic = (key: string): Topic => ({ group: 'resources default *', key });
const updated = (uri: string) => new Notification('notifications/resources/updated', { uri });

/** A subscription whose reader takes `room` messages. */
function subscribe() {
  const reader = { room: 0, heard: [] as string[] };
  const subscription = new Subscription(
    { id: 1, principal, topics: [] },
    {
      notify: (message) => {
        if (reader.room === 0) return false;
        reader.room--;
        reader.heard.push((JSON.parse(Buffer.from(message).toString()) as { params: { uri: string } }).params.uri);
        return true;
      },
    },
    () => {},
  );
  const notify = (uri: string) => subscription.notify(topic(uri), updated(uri));
  return { reader, subscription, notify };
}

describe('a subscription whose reader is behind', () => {
  it('tells what was missed once for each topic, as soon as there is room', () => {
    const { reader, subscription, notify } = subscribe();
    for (const uri of ['a', 'b', 'a', 'b', 'a']) notify(uri);
    expect(subscription.behind).toBe(true);
    subscription.catchUp();
    expect(reader.heard).toEqual([]);
    reader.room = 10;
    subscription.catchUp();
    expect(reader.heard).toEqual(['a', 'b']);
    expect(subscription.behind).toBe(false);
  });

  it('gets the rest later when there is room for a part only, and nothing overtakes', () => {
    const { reader, subscription, notify } = subscribe();
    for (const uri of ['a', 'b', 'c']) notify(uri);
    reader.room = 2;
    subscription.catchUp();
    expect(reader.heard).toEqual(['a', 'b']);
    expect(subscription.behind).toBe(true);
    reader.room = 10;
    notify('d');
    expect(reader.heard).toEqual(['a', 'b']);
    subscription.catchUp();
    expect(reader.heard).toEqual(['a', 'b', 'c', 'd']);
    notify('e');
    expect(reader.heard.at(-1)).toBe('e');
  });
});

describe('a notification', () => {
  it('carries the id of each subscription as the client wrote it', () => {
    const notification = updated('a:b');
    const encoded = (id: string | number) => JSON.parse(Buffer.from(notification.encode(id)).toString()) as unknown;
    for (const id of [1, '1', 'a"\n', 2 ** 40]) {
      expect(encoded(id)).toEqual({
        jsonrpc: '2.0',
        method: 'notifications/resources/updated',
        params: { uri: 'a:b', _meta: { 'io.modelcontextprotocol/subscriptionId': id } },
      });
    }
  });

  it('is made once for all subscriptions of one id', () => {
    const notification = updated('a:b');
    expect(notification.encode(1)).toBe(notification.encode(1));
    expect(notification.encode('1')).not.toBe(notification.encode(1));
  });
});
