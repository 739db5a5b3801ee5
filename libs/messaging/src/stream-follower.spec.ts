import type { JsMsg, PushConsumer } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StreamFollower } from './stream-follower.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A stream of so many entries, as a consumer sees it; `pass` sends one. */
function openStream(stored: number) {
  let send: (message: JsMsg) => void = () => {};
  let delivered = 0;
  let left = stored;
  const consumer = {
    info: () => Promise.resolve({ num_pending: left, delivered: { consumer_seq: delivered } }),
    consume: ({ callback }: { callback: typeof send }) => {
      send = callback;
      return Promise.resolve({ closed: () => new Promise(() => {}), stop: () => {} });
    },
  } as unknown as PushConsumer;
  const connection = { status: () => [], isClosed: () => false } as unknown as NatsConnection;
  const used: number[][] = [];
  const follower = new StreamFollower<number[]>(connection, {
    what: 'the stream',
    openConsumer: () => Promise.resolve(consumer),
    begin: () => [],
    take: (view, message) => view.push(message.seq),
    use: (view) => used.push(view),
    onFailed: () => {},
  });
  return {
    follower,
    used,
    pass: () => {
      delivered++;
      left--;
      send({ seq: delivered, info: { deliverySequence: delivered, pending: left } } as JsMsg);
    },
    /** The rest expires before it is sent. */
    expire: () => {
      left = 0;
    },
  };
}

describe('the reading of a stream', () => {
  it('takes as long as entries come', async () => {
    const { follower, used, pass } = openStream(10);
    const reading = follower.read();
    for (let entry = 0; entry < 10; entry++) {
      await vi.advanceTimersByTimeAsync(4_000);
      expect(used).toEqual([]);
      pass();
    }
    await reading;
    expect(used).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]);
  });

  it('fails when nothing comes for 5 s although there is more', async () => {
    const { follower, used, pass } = openStream(2);
    const failure = follower.read().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(500);
    pass();
    await vi.advanceTimersByTimeAsync(6_500);
    expect(String(await failure)).toContain('nothing of the stream came for 5000 ms');
    expect(used).toEqual([]);
  });

  it('is complete without the entries that expired before they came', async () => {
    const { follower, used, pass, expire } = openStream(3);
    const reading = follower.read();
    await vi.advanceTimersByTimeAsync(0);
    pass();
    expire();
    await vi.advanceTimersByTimeAsync(3_000);
    await reading;
    expect(used).toEqual([[1]]);
  });
});
