import { setTimeout as delay } from 'node:timers/promises';
import { headers } from '@nats-io/nats-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChunkedFrame } from '../src/chunked-frame.ts';
import type { CallHandler, CallOutcome, FinalFrame } from '../src/index.ts';
import { ChunksLostError, collectFrame } from '../src/index.ts';
import { openGateway, principalOf, sharedNatsUrl, until } from './bus.ts';
import { serveTo } from './serve-to.ts';

const kilobyte = 1024;
const megabyte = 1024 * kilobyte;
/** What a worker may send before anybody has taken any of it, and how large its messages are at most. */
const windowBytes = megabyte / 2;
const chunkBytes = 128 * kilobyte;
const maxPayload = 8 * megabyte;

let gateway: Awaited<ReturnType<typeof openGateway>>;
beforeAll(async () => {
  gateway = await openGateway(sharedNatsUrl());
});
afterAll(() => gateway.close());

/** Bytes that differ from place to place, so that a chunk at the wrong place shows. */
function pattern(bytes: number): Buffer {
  const body = Buffer.alloc(bytes);
  for (let offset = 0; offset + 4 <= bytes; offset += 4) body.writeUInt32LE(offset, offset);
  return body;
}

/** Answers with as many bytes as the call's name says. */
const large: CallHandler = (call) =>
  Promise.resolve({ kind: 'result', resultType: 'complete', isError: false, body: pattern(Number(call.name)) });

function frameOf(outcome: CallOutcome): ChunkedFrame {
  if (outcome.kind !== 'answered' || !('chunks' in outcome.frame)) throw new Error(`not in chunks: ${outcome.kind}`);
  return outcome.frame;
}

async function drain(chunks: ChunkedFrame['chunks']): Promise<void> {
  for await (const chunk of chunks) void chunk;
}

async function wholeOf(outcome: CallOutcome): Promise<FinalFrame> {
  if (outcome.kind !== 'answered') throw new Error(`not answered: ${outcome.kind}`);
  return collectFrame(outcome.frame, 64 * megabyte);
}

/** What the bus carries for one call: sizes of the messages that answer it. */
async function spyOnReplies(connection: typeof gateway.connection, tenant: string) {
  const sizes: number[] = [];
  connection.subscribe(`gh.reply.${tenant}.>`, {
    // Probes are answered there too.
    callback: (_error, message) => {
      if (message.headers?.has('Gatehouse-Frame')) sizes.push(message.data.length);
    },
  });
  await connection.flush();
  return { sizes, sum: () => sizes.reduce((sum, size) => sum + size, 0) };
}

describe('a result', () => {
  it.each([
    0,
    1,
    chunkBytes,
    chunkBytes + 1,
    windowBytes - 1,
    windowBytes,
    windowBytes + 1,
    maxPayload - 1,
    maxPayload,
    maxPayload + 1,
    3 * maxPayload + 7,
  ])('of %i bytes arrives whole, with what the worker says about it', async (bytes) => {
    const { call, stop } = await serveTo(gateway, large);
    const frame = await wholeOf(await call({ name: String(bytes) }));
    expect(frame).toMatchObject({ kind: 'result', resultType: 'complete', isError: false });
    expect(pattern(bytes).equals(frame.body)).toBe(true);
    expect(gateway.calls.inFlight).toBe(0);
    await stop();
  });

  it('of more than 64 MiB is told to be too large', async () => {
    const { call, stop } = await serveTo(gateway, large);
    expect(await call({ name: String(64 * megabyte + 1) })).toEqual({ kind: 'result-too-large' });
    await stop();
  });

  it('is one message up to 128 KiB, and in messages of that size beyond', async () => {
    const { call, connection, tenant, stop } = await serveTo(gateway, large);
    const { sizes } = await spyOnReplies(connection, tenant);
    await call({ name: String(chunkBytes) });
    await call({ name: String(2 * chunkBytes + 5) });
    await until(() => sizes.length === 4);
    expect(sizes).toEqual([chunkBytes, chunkBytes, chunkBytes, 5]);
    await stop();
  });

  it('comes while it is read, never further than 512 KiB ahead of its reader', async () => {
    const { call, server, connection, tenant, stop } = await serveTo(gateway, large);
    const spy = await spyOnReplies(connection, tenant);
    const { bytes, chunks } = frameOf(await call({ name: String(8 * megabyte) }));
    expect(bytes).toBe(8 * megabyte);
    let drained = 0;
    for await (const chunk of chunks) {
      await delay(5);
      expect(spy.sum()).toBeLessThanOrEqual(drained + windowBytes);
      expect(server.inFlight()).toBe(drained + windowBytes < bytes ? 1 : server.inFlight());
      drained += chunk.length;
    }
    expect(drained).toBe(bytes);
    expect(server.inFlight()).toBe(0);
    await stop();
  });

  it('holds no place at its worker while its reader takes its time', async () => {
    const { call, stop } = await serveTo(gateway, large, { concurrency: 1 });
    const slow = [
      frameOf(await call({ name: String(4 * megabyte) })),
      frameOf(await call({ name: String(4 * megabyte) })),
    ];
    expect(await call({ name: '10' })).toMatchObject({ kind: 'answered' });
    for (const { chunks } of slow) chunks.cancel();
    await stop();
  });

  it('outlives the deadline of its call as long as somebody reads', async () => {
    const { call, stop } = await serveTo(gateway, large);
    const { chunks } = frameOf(await call({ name: String(4 * megabyte), timeoutMs: 300 }));
    let bytes = 0;
    for await (const chunk of chunks) {
      if (bytes % megabyte === 0) await delay(400);
      bytes += chunk.length;
    }
    expect(bytes).toBe(4 * megabyte);
    await stop();
  });
});

describe('a reader that stops reading', () => {
  it('cancels: the worker forgets the rest', async () => {
    const { call, server, stop } = await serveTo(gateway, large);
    const { chunks } = frameOf(await call({ name: String(8 * megabyte) }));
    expect(server.inFlight()).toBe(1);
    for await (const chunk of chunks) if (chunk.length > 0) break;
    await until(() => server.inFlight() === 0, 500);
    expect(gateway.calls.inFlight).toBe(0);
    await stop();
  });

  it('because its client left cancels too', async () => {
    const { call, server, stop } = await serveTo(gateway, large);
    const client = new AbortController();
    const { chunks } = frameOf(await call({ name: String(8 * megabyte) }, { signal: client.signal }));
    client.abort();
    await until(() => server.inFlight() === 0, 500);
    await expect(drain(chunks)).rejects.toEqual(new ChunksLostError('cancelled'));
    await stop();
  });

  it('is not waited for beyond the ceiling of a call', async () => {
    const { call, server, stop } = await serveTo(gateway, large);
    const { chunks } = frameOf(await call({ name: String(8 * megabyte), timeoutMs: 300, maxCallMs: 600 }));
    await until(() => server.inFlight() === 0, 1_500);
    await until(() => gateway.calls.inFlight === 0, 1_500);
    await expect(drain(chunks)).rejects.toEqual(new ChunksLostError('expired'));
    await stop();
  });

  it('leaves nothing at the worker when it goes with its whole gateway', async () => {
    const leaving = await openGateway(sharedNatsUrl());
    const { call, server, stop } = await serveTo(leaving, large);
    frameOf(await call({ name: String(8 * megabyte), timeoutMs: 300, maxCallMs: 600 }));
    await leaving.connection.close();
    expect(server.inFlight()).toBe(1);
    await until(() => server.inFlight() === 0, 1_500);
    await leaving.close();
    await stop();
  });
});

describe('many results at once', () => {
  it('come with small windows once 32 MiB may be on their way', async () => {
    const own = await openGateway(sharedNatsUrl());
    const { call, connection, tenant, stop } = await serveTo(own, large, { concurrency: 64 });
    const spy = await spyOnReplies(connection, tenant);
    const frames = await Promise.all(Array.from({ length: 96 }, () => call({ name: String(megabyte) })));
    await until(() => spy.sum() > 32 * megabyte);
    await delay(200);
    expect(spy.sum()).toBeLessThanOrEqual(32 * megabyte + 32 * chunkBytes);
    const bodies = await Promise.all(frames.map(wholeOf));
    expect(bodies.every(({ body }) => pattern(megabyte).equals(body))).toBe(true);
    await stop();
    await own.close();
  });
});

describe('results that nobody reads', () => {
  const result = Buffer.alloc(8 * megabyte);
  const overloaded = { kind: 'refused', reason: 'overloaded' };

  it('shut out the account that left them, and nobody else, though its calls ended all at once', async () => {
    const handled: string[] = [];
    const { call, server, tenant, stop } = await serveTo(
      gateway,
      ({ name, principal }) => {
        handled.push(principal.accountId);
        return Promise.resolve({ kind: 'result', body: name === 'small' ? Buffer.from('{}') : result });
      },
      { concurrency: 32 },
    );
    const callAs = (accountId: string, name = 'large') =>
      call({ name, principal: { ...principalOf(tenant), accountId } });
    const unread = await Promise.all(Array.from({ length: 20 }, () => callAs('greedy')));
    expect(await callAs('greedy', 'small')).toEqual(overloaded);
    expect(handled).toHaveLength(20);
    expect(await callAs('other', 'small')).toMatchObject({ kind: 'answered' });

    // Of that an account counts for a quarter at most; all together are refused beyond 128 MiB.
    for (const account of ['second', 'third', 'fourth'])
      unread.push(...(await Promise.all(Array.from({ length: 4 }, () => callAs(account)))));
    expect(await callAs('other', 'small')).toEqual(overloaded);

    for (const outcome of unread) frameOf(outcome).chunks.cancel();
    await until(() => server.inFlight() === 0);
    for (const account of ['greedy', 'other'])
      expect(await callAs(account, 'small')).toMatchObject({ kind: 'answered' });
    await stop();
  });
});

/** A worker below the SDK that answers a call of the gateway with these frames. */
async function forge(frames: { header: object; bytes: number }[]) {
  const served = await serveTo(gateway, () => new Promise(() => {}));
  const { connection, instance } = served;
  const { tenant, server, instance: token } = instance.address;
  connection.subscribe(`gh.call.${tenant}.${server}.${token}`, {
    callback: (_error, message) => {
      for (const { header, bytes } of frames) {
        const messageHeaders = headers();
        messageHeaders.append('Gatehouse-Frame', JSON.stringify(header));
        connection.publish(message.reply ?? '', Buffer.alloc(bytes), { headers: messageHeaders });
      }
    },
  });
  await connection.flush();
  return served;
}

const begin = (bytes: number) => ({ header: { kind: 'result', bytes }, bytes: chunkBytes });
const chunk = (number: number, bytes = chunkBytes) => ({ header: { kind: 'chunk', number }, bytes });

describe('chunks that are wrong', () => {
  it.each([
    ['a chunk without a beginning', [chunk(1)]],
    ['one that is missing', [begin(4 * chunkBytes), chunk(2)]],
    ['one that comes twice', [begin(4 * chunkBytes), chunk(1), chunk(1)]],
    ['two beginnings', [begin(4 * chunkBytes), begin(4 * chunkBytes)]],
    ['more than was announced', [begin(2 * chunkBytes), chunk(1, chunkBytes + 1)]],
    ['an empty one', [begin(2 * chunkBytes), chunk(1, 0)]],
    ['no length at all', [begin(0)]],
    ['a length beyond all limits', [begin(65 * megabyte)]],
    ['a number that is none', [begin(2 * chunkBytes), { header: { kind: 'chunk', number: 'x' }, bytes: chunkBytes }]],
  ])('end the call as lost when nothing of them has gone on: %s', async (_, frames) => {
    const { call, connection } = await forge(frames);
    expect(await call()).toEqual({ kind: 'lost', reason: 'malformed-frame' });
    await connection.close();
  });

  it('break the chunks off when some of them have gone on', async () => {
    const frames = [begin(4 * megabyte), chunk(1), chunk(3)];
    const { call, connection } = await forge(frames);
    const { chunks } = frameOf(await call());
    await expect(drain(chunks)).rejects.toEqual(new ChunksLostError('malformed-frame'));
    await connection.close();
  });

  it('break off when the worker sends more than its window', async () => {
    const frames = [begin(4 * megabyte), ...Array.from({ length: 8 }, (_, index) => chunk(index + 1))];
    const { call, connection } = await forge(frames);
    const { chunks } = frameOf(await call());
    await until(() => gateway.calls.inFlight === 0, 500);
    await expect(drain(chunks)).rejects.toEqual(new ChunksLostError('malformed-frame'));
    await connection.close();
  });

  it('that stop coming end the call at its deadline when nothing of them has gone on', async () => {
    const { call, connection } = await forge([begin(4 * chunkBytes), chunk(1)]);
    expect(await call({ timeoutMs: 300 })).toEqual({ kind: 'expired' });
    await connection.close();
  });
});

describe('a frame that is collected', () => {
  it('is refused, and cancelled at the worker, when it is larger than its collector takes', async () => {
    const { call, server, stop } = await serveTo(gateway, large);
    const frame = frameOf(await call({ name: String(8 * megabyte) }));
    await expect(collectFrame(frame, megabyte)).rejects.toThrow(RangeError);
    await until(() => server.inFlight() === 0, 500);
    await stop();
  });
});
