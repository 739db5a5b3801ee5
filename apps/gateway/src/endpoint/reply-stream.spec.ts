import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { FrameChunks } from '@gatehouse/messaging';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ReplyStream } from './reply-stream.ts';
import { ReplyStreams } from './reply-streams.ts';

let server: Server;
let streams: ReplyStreams;
let stream: ReplyStream;
let response: ServerResponse;
let socket: Socket;
let received: string;
let closed: boolean;
/** After so many bytes the reader pauses. */
let readsUpTo: number;
const abandoned = vi.fn<() => void>();
const megabyte = 1024 * 1024;
const heartbeat = ': keep-alive\n\n';

/** One request whose reader takes nothing until `socket.resume()`. */
beforeEach(async () => {
  received = '';
  closed = false;
  readsUpTo = Number.POSITIVE_INFINITY;
  abandoned.mockReset();
  streams = new ReplyStreams();
  server = createServer();
  const requested = new Promise<void>((resolve) => {
    server.on('request', (_request, itsResponse) => {
      response = itsResponse;
      stream = new ReplyStream(response, streams);
      stream.signal.addEventListener('abort', abandoned);
      resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    if (received.length >= readsUpTo) socket.pause();
  });
  socket.on('close', () => {
    closed = true;
  });
  socket.on('error', () => undefined);
  socket.pause();
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n');
  await requested;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
});

afterEach(async () => {
  vi.useRealTimers();
  const ended = closed ? Promise.resolve() : once(socket, 'close');
  socket.destroy();
  server.closeAllConnections();
  await Promise.all([ended, new Promise((resolve) => server.close(resolve))]);
});

const notification = (text: string) => Buffer.from(JSON.stringify({ jsonrpc: '2.0', method: 'n', params: { text } }));
const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true), { timeout: 5_000 });
/** Lets sockets do their work while the clock of the stream stands still. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** More than all buffers on the way to the reader take. */
const flood = async () => {
  for (let count = 0; count < 600; count++) {
    stream.notify(notification('x'.repeat(64 * 1024)));
    if (count % 10 === 0) await settle();
  }
};

describe('an answer', () => {
  it('becomes a stream after 5 s of silence, and sends a comment every 15 s', async () => {
    socket.resume();
    stream.expectDelay();
    await vi.advanceTimersByTimeAsync(4_900);
    expect(received).toBe('');
    await vi.advanceTimersByTimeAsync(600);
    await until(() => received.includes('text/event-stream'));
    for (let count = 1; count <= 3; count++) {
      await vi.advanceTimersByTimeAsync(15_000);
      await until(() => received.split(heartbeat).length === count + 1);
    }
    stream.finish({ status: 200, body: Buffer.from('{"jsonrpc":"2.0","id":1,"result":{}}') });
    await until(() => received.includes('data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n'));
  });

  it('keeps a line break inside JSON from ending the event', async () => {
    socket.resume();
    stream.notify(Buffer.from('{\n"a":\r\n1}'));
    await until(() => received.includes('\n\n'));
    expect(received).toContain('event: message\ndata: { "a":  1}\n\n');
  });

  it('says nothing more after its end', async () => {
    socket.resume();
    stream.notify(notification('first'));
    stream.finish({ status: 200, body: Buffer.from('{}') });
    stream.notify(notification('late'));
    stream.finish({ status: 500, body: Buffer.from('{"late":1}') });
    await until(() => received.endsWith('0\r\n\r\n'));
    expect(received).not.toContain('late');
  });
});

describe('an answer whose client left before anybody asked for its signal', () => {
  it('is abandoned all the same, and is not looked after any more', async () => {
    const late = new ReplyStream(response, streams);
    socket.destroy();
    await until(() => response.closed);
    expect(late.signal.aborted).toBe(true);
    late.expectDelay();
    expect(streams.size).toBe(0);
  });
});

describe('a result that comes in chunks', () => {
  const windowBytes = megabyte / 2;
  const chunkBytes = 128 * 1024;
  let sentBytes: number;
  let chunks: FrameChunks;
  const cancelled = vi.fn<() => void>();

  /** A worker that sends as much as the window allows. */
  const startWorker = (totalBytes: number) => {
    let number = 0;
    sentBytes = 0;
    const sendUpTo = (upToBytes: number) => {
      while (sentBytes < upToBytes) {
        const bytes = Math.min(chunkBytes, totalBytes - sentBytes);
        sentBytes += bytes;
        chunks.receive(number++, Buffer.alloc(bytes, 0x78));
      }
    };
    chunks = new FrameChunks(totalBytes, windowBytes, {
      openWindow: (upToBytes) => setImmediate(sendUpTo, upToBytes),
      cancel: cancelled,
    });
    sendUpTo(Math.min(windowBytes, totalBytes));
    return { bytes: totalBytes, chunks };
  };
  beforeEach(() => cancelled.mockReset());

  it('is a document of known length', async () => {
    socket.resume();
    stream.finish({ status: 200, chunked: startWorker(8 * megabyte) });
    await until(() => received.length > 8 * megabyte);
    expect(received).toMatch(/^HTTP\/1.1 200 OK\r\ncontent-type: application\/json\r\ncontent-length: 8388608\r\n/);
    expect(received.split('\r\n\r\n')[1]).toHaveLength(8 * megabyte);
  });

  it('is one event of a stream, without a comment in its midst', async () => {
    socket.resume();
    stream.notify(notification('first'));
    stream.finish({ status: 200, chunked: startWorker(2 * megabyte) });
    await vi.advanceTimersByTimeAsync(20_000);
    await until(() => received.endsWith('0\r\n\r\n'));
    expect(received.replaceAll(/\r\n[0-9a-f]*\r\n/g, '')).toContain(`data: ${'x'.repeat(2 * megabyte)}\n\n`);
  });

  it('is cut in the midst when its rest is lost', async () => {
    socket.resume();
    stream.finish({ status: 200, chunked: startWorker(64 * megabyte) });
    chunks.lose('instance-died');
    await until(() => closed);
    expect(received).toContain('content-length: 67108864');
    expect(received.length).toBeLessThan(64 * megabyte);
  });

  it('costs less than 1 MiB together with the notifications that wait before it', async () => {
    stream.expectDelay();
    await flood();
    expect(response.writableLength).toBeGreaterThan(megabyte / 8);
    stream.finish({ status: 200, chunked: startWorker(64 * megabyte) });
    for (let turn = 0; turn < 2_000; turn++) await settle();
    // Nothing of it has gone on: the reader takes nothing, and the notifications come first.
    expect(sentBytes).toBe(windowBytes);
    expect(response.writableLength + windowBytes).toBeLessThan(megabyte);
  });

  it('costs one window at most, is cut after 30 s and cancelled when its reader takes nothing', async () => {
    stream.finish({ status: 200, chunked: startWorker(64 * megabyte) });
    for (let turn = 0; turn < 2_000; turn++) await settle();
    const sent = sentBytes;
    expect(sent).toBeLessThan(32 * megabyte);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(response.destroyed).toBe(false);
    expect(stream.waitingBytes).toBeLessThanOrEqual(chunkBytes);
    expect(sentBytes).toBe(sent);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(response.destroyed).toBe(true);
    await until(() => cancelled.mock.calls.length === 1);
  });
});

describe('a reader that stalls', () => {
  it('has at most 1 MiB of notifications waiting, and is cut after 30 s', async () => {
    await flood();
    expect(response.writableLength).toBeGreaterThan(megabyte / 2);
    expect(response.writableLength).toBeLessThanOrEqual(megabyte + 1_000);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(response.destroyed).toBe(false);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(response.destroyed).toBe(true);
    await until(() => abandoned.mock.calls.length === 1);
  });

  it('hears no heartbeat, which would hide that it is gone', async () => {
    await flood();
    const waiting = response.writableLength;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(response.writableLength).toBe(waiting);
  });

  it('is cut in the middle of a large document', async () => {
    stream.finish({ status: 200, body: Buffer.alloc(64 * megabyte, 0x78) });
    await vi.waitFor(() => expect(response.writableLength).toBeGreaterThan(0));
    await vi.advanceTimersByTimeAsync(32_000);
    expect(response.destroyed).toBe(true);
  });
});

describe('a reader that is slow', () => {
  it('gets its 32 MiB, however long it takes', async () => {
    stream.finish({ status: 200, body: Buffer.alloc(32 * megabyte, 0x78) });
    let seconds = 0;
    while (!response.writableFinished && !response.destroyed) {
      readsUpTo = received.length + 4 * megabyte;
      socket.resume();
      await until(() => received.length >= readsUpTo || response.writableFinished || closed);
      await vi.advanceTimersByTimeAsync(20_000);
      seconds += 20;
    }
    readsUpTo = Number.POSITIVE_INFINITY;
    socket.resume();
    await until(() => received.length > 32 * megabyte);
    expect(seconds).toBeGreaterThan(60);
  }, 30_000);
});

describe('a client that leaves', () => {
  it('is heard once', async () => {
    stream.expectDelay();
    socket.destroy();
    await until(() => abandoned.mock.calls.length === 1);
    stream.finish({ status: 200, body: Buffer.from('{}') });
    expect(abandoned).toHaveBeenCalledTimes(1);
  });

  it('with its answer is not heard', async () => {
    socket.resume();
    stream.finish({ status: 200, body: Buffer.from('{}') });
    await until(() => received.endsWith('{}'));
    socket.destroy();
    await settle();
    expect(abandoned).not.toHaveBeenCalled();
  });
});
