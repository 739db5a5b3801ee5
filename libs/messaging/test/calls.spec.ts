import { headers } from '@nats-io/nats-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallHandler, IncomingCall } from '../src/index.ts';
import { definitionsOf, echo, openGateway, requestOf, sharedNatsUrl, until } from './bus.ts';
import { bodyOf, progress, serveTo, text } from './serve-to.ts';

const definitions = definitionsOf('echo');
const logMessage = Buffer.from('{"jsonrpc":"2.0","method":"notifications/message","params":{}}');

let gateway: Awaited<ReturnType<typeof openGateway>>;
beforeAll(async () => {
  gateway = await openGateway(sharedNatsUrl());
});
afterAll(() => gateway.close());

const serve = (handler: CallHandler, options: { concurrency?: number } = {}) => serveTo(gateway, handler, options);

function headersOf(fields: Record<string, string>) {
  const messageHeaders = headers();
  for (const [name, value] of Object.entries(fields)) messageHeaders.append(name, value);
  return messageHeaders;
}

const never: CallHandler = () => new Promise(() => {});

describe('a call', () => {
  it('carries the body unchanged and everything that the gateway decided beside it', async () => {
    let seen: IncomingCall | undefined;
    const { call, tenant, stop } = await serve((incoming) => {
      seen = incoming;
      return echo(incoming);
    });
    const name = 'a name\r\nGatehouse-Principal: {}\r\n\r\nwith ünïcode';
    const outcome = await call({ name, traceId: 'trace-1', trace: { traceparent: '00-1-2-01', baggage: 'a=é\r\n' } });
    expect(outcome).toMatchObject({ kind: 'answered', frame: { kind: 'result', resultType: 'complete' } });
    const { principal, body } = requestOf(tenant, definitions);
    expect(seen).toMatchObject({ tenant, server: 'echo', method: 'tools/call', name, principal });
    expect(seen).toMatchObject({ traceId: 'trace-1', trace: { traceparent: '00-1-2-01', baggage: 'a=é\r\n' } });
    expect(text(seen?.body ?? body)).toBe(body.toString());
    await stop();
  });

  it.each<[string, Awaited<ReturnType<CallHandler>>]>([
    ['a result', { kind: 'result', resultType: 'complete', isError: false, body: Buffer.from('{"r":1}') }],
    ['a tool that failed', { kind: 'result', resultType: 'complete', isError: true, body: Buffer.from('{}') }],
    ['a question to the user', { kind: 'result', resultType: 'input_required', body: Buffer.from('{}') }],
    ['a JSON-RPC error', { kind: 'error', errorCode: -32602, body: Buffer.from('{"error":{}}') }],
  ])('is answered with what the worker says about its last frame: %s', async (_, frame) => {
    const { call, stop } = await serve(() => Promise.resolve(frame));
    const outcome = await call();
    expect(outcome).toMatchObject({ kind: 'answered', frame: { ...frame, body: expect.anything() as unknown } });
    expect(bodyOf(outcome)).toBe(text(frame.body));
    await stop();
  });

  it('hears the notifications in order, all before the answer, and none after it', async () => {
    const heard: string[] = [];
    const { call, stop } = await serve(async (incoming) => {
      for (const number of [1, 2, 3]) incoming.notify(Buffer.from(`{"n":${number}}`));
      setTimeout(() => incoming.notify(Buffer.from('{"n":"late"}')), 20);
      return echo(incoming);
    });
    await call({}, { onNotification: (body) => heard.push(text(body)) });
    heard.push('answer');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(heard).toEqual(['{"n":1}', '{"n":2}', '{"n":3}', 'answer']);
    await stop();
  });

  it('survives a reader of notifications that throws', async () => {
    const { call, stop } = await serve(async (incoming) => {
      incoming.notify(logMessage);
      return echo(incoming);
    });
    const throwing = () => {
      throw new Error('broken reader');
    };
    expect(await call({}, { onNotification: throwing })).toMatchObject({ kind: 'answered' });
    expect(await call()).toMatchObject({ kind: 'answered' });
    await stop();
  });

  it('becomes -32603 with the request’s id, and no word of the reason, when the handler throws', async () => {
    const { call, stop } = await serve(() => Promise.reject(new Error('password=hunter2')));
    const outcome = await call({ body: Buffer.from('{"jsonrpc":"2.0","id":"seven","method":"tools/call"}') });
    expect(outcome).toMatchObject({ kind: 'answered', frame: { kind: 'error', errorCode: -32603 } });
    expect(JSON.parse(bodyOf(outcome))).toEqual({
      jsonrpc: '2.0',
      id: 'seven',
      error: { code: -32603, message: 'Internal error' },
    });
    await stop();
  });
});

describe('limits', () => {
  it('refuse a request over max_payload - 16 KiB before it is sent, and carry one that is just as large', async () => {
    const { call, stop } = await serve(() => Promise.resolve({ kind: 'result', body: Buffer.from('{}') }));
    const { maxBodyBytes } = gateway.calls;
    expect(await call({ body: Buffer.alloc(maxBodyBytes) })).toMatchObject({ kind: 'answered' });
    expect(await call({ body: Buffer.alloc(maxBodyBytes + 1) })).toEqual({ kind: 'request-too-large' });
    await stop();
  });

  it('refuse a request whose headers do not fit', async () => {
    const { call, stop } = await serve(echo);
    const name = 'x'.repeat(32 * 1024);
    expect(await call({ name, body: Buffer.alloc(gateway.calls.maxBodyBytes) })).toEqual({ kind: 'request-too-large' });
    await stop();
  });

  it('run as many calls as the worker allows, let as many wait, and refuse the rest as overloaded', async () => {
    let running = 0;
    let mostRunning = 0;
    const gate = Promise.withResolvers<void>();
    const { call, server, stop } = await serve(
      async (incoming) => {
        mostRunning = Math.max(mostRunning, ++running);
        await gate.promise;
        running--;
        return echo(incoming);
      },
      { concurrency: 3 },
    );
    const calls = Array.from({ length: 8 }, () => call());
    await until(() => server.inFlight() === 6);
    const refused = await Promise.race(calls);
    expect(refused).toEqual({ kind: 'refused', reason: 'overloaded' });
    gate.resolve();
    const kinds = (await Promise.all(calls)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'answered')).toHaveLength(6);
    expect(kinds.filter((kind) => kind === 'refused')).toHaveLength(2);
    expect(mostRunning).toBe(3);
    await stop();
  });
});

describe('cancelling', () => {
  it('reaches the AbortSignal of the handler within 500 ms', async () => {
    const aborted = Promise.withResolvers<number>();
    const { call, stop, server } = await serve((incoming) => {
      incoming.signal.addEventListener('abort', () => aborted.resolve(performance.now()));
      return aborted.promise.then(() => echo(incoming));
    });
    const client = new AbortController();
    const outcome = call({}, { signal: client.signal });
    await until(() => server.inFlight() === 1);
    const cancelledAt = performance.now();
    client.abort();
    expect(await outcome).toEqual({ kind: 'cancelled' });
    expect((await aborted.promise) - cancelledAt).toBeLessThan(500);
    await stop();
  });

  it('of a call that waits means that it never runs', async () => {
    const names: string[] = [];
    const gate = Promise.withResolvers<void>();
    const { call, stop, server } = await serve(
      async (incoming) => {
        names.push(incoming.name);
        await gate.promise;
        return echo(incoming);
      },
      { concurrency: 1 },
    );
    const client = new AbortController();
    const first = call({ name: 'first' });
    const second = call({ name: 'second' }, { signal: client.signal });
    await until(() => server.inFlight() === 2);
    client.abort();
    await until(() => server.inFlight() === 1);
    gate.resolve();
    await Promise.all([first, second]);
    expect(names).toEqual(['first']);
    await stop();
  });

  it('before the call was sent means that nothing is sent', async () => {
    let calls = 0;
    const { call, stop } = await serve((incoming) => {
      calls++;
      return echo(incoming);
    });
    expect(await call({}, { signal: AbortSignal.abort() })).toEqual({ kind: 'cancelled' });
    await call();
    expect(calls).toBe(1);
    await stop();
  });
});

describe('the deadline', () => {
  it('ends a call within a second and aborts the handler with a TimeoutError', async () => {
    const reason = Promise.withResolvers<unknown>();
    const { call, connection } = await serve((incoming) => {
      incoming.signal.addEventListener('abort', () => reason.resolve(incoming.signal.reason));
      return new Promise(() => {});
    });
    const startedAt = performance.now();
    expect(await call({ timeoutMs: 300 })).toEqual({ kind: 'expired' });
    expect(performance.now() - startedAt).toBeLessThan(1_300);
    expect(await reason.promise).toMatchObject({ name: expect.stringMatching(/^(Timeout|Abort)Error$/) as string });
    await connection.close();
  });

  it('of a call that still waits is confirmed by the worker: it never ran', async () => {
    const { call, connection, server } = await serve(never, { concurrency: 1 });
    void call();
    await until(() => server.inFlight() === 1);
    expect(await call({ timeoutMs: 200 })).toEqual({ kind: 'refused', reason: 'expired' });
    await connection.close();
  });

  it('moves with progress, by as much again and up to the ceiling, but not with log messages', async () => {
    const notifying = async (incoming: IncomingCall) => {
      const notification = incoming.name === 'progress' ? progress : logMessage;
      const timer = setInterval(() => incoming.notify(notification), 100);
      await new Promise((resolve) => setTimeout(resolve, 800));
      clearInterval(timer);
      expect(incoming.signal.aborted).toBe(incoming.name !== 'progress');
      return echo(incoming);
    };
    const { call, stop } = await serve(notifying);
    const outcomes = await Promise.all([
      call({ name: 'progress', timeoutMs: 300 }),
      call({ name: 'log', timeoutMs: 300 }),
      call({ name: 'progress beyond', timeoutMs: 300, maxCallMs: 500 }),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['answered', 'expired', 'expired']);
    await stop();
  });
});

describe('the worker’s own deadline', () => {
  it.each([
    ['aborts a call whose gateway has gone, whatever it logs', logMessage, true],
    ['moves with progress', progress, false],
  ])('%s', async (_, notification, aborts) => {
    const leaving = await openGateway(sharedNatsUrl());
    const seen = Promise.withResolvers<IncomingCall>();
    const { tenant, instance, stop } = await serve(async (incoming) => {
      const timer = setInterval(() => incoming.notify(notification), 50);
      seen.resolve(incoming);
      await new Promise((resolve) => setTimeout(resolve, 900));
      clearInterval(timer);
      return echo(incoming);
    });
    const request = requestOf(tenant, definitions, { timeoutMs: 400 });
    void leaving.calls.call(instance.address, request, () => {}, new AbortController().signal);
    const incoming = await seen.promise;
    await leaving.connection.close();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(incoming.signal.aborted).toBe(aborts);
    expect((incoming.signal.reason as DOMException | undefined)?.name).toBe(aborts ? 'TimeoutError' : undefined);
    await leaving.close();
    await stop();
  });
});

describe('what is not a call', () => {
  it('ends at once when nobody listens on the instance’s subject', async () => {
    const { call, connection } = await serve(echo);
    await connection.drain();
    const startedAt = performance.now();
    // Each by its own answer: the first one says nothing of those that were published after it.
    const outcomes = await Promise.all([call(), call(), call()]);
    expect(outcomes).toEqual([{ kind: 'unreachable' }, { kind: 'unreachable' }, { kind: 'unreachable' }]);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });

  it('is refused, not run: a call for other definitions', async () => {
    const { call, stop } = await serve(echo);
    expect(await call({ digest: 'f'.repeat(40) })).toEqual({ kind: 'refused', reason: 'unknown-definitions' });
    await stop();
  });

  it('is refused, not run: a principal of another tenant', async () => {
    const { call, stop } = await serve(echo);
    const { principal } = requestOf('another', definitions);
    expect(await call({ principal })).toEqual({ kind: 'refused', reason: 'malformed' });
    await stop();
  });

  it.each([
    ['no headers', {}],
    ['headers that are no JSON', { 'Gatehouse-Call': '{', 'Gatehouse-Principal': '{}' }],
    ['a call without fields', { 'Gatehouse-Call': '{}', 'Gatehouse-Principal': '{}' }],
    ['a principal that is null', { 'Gatehouse-Call': '{"digest":""}', 'Gatehouse-Principal': 'null' }],
  ])('leaves the worker alive: a message with %s', async (_, headerFields) => {
    const { call, connection, instance, stop } = await serve(echo);
    const { tenant, server, instance: token } = instance.address;
    const messageHeaders = headersOf(headerFields);
    for (const natsSubject of [`gh.call.${tenant}.${server}.${token}`, `gh.control.${tenant}.${server}.${token}`]) {
      connection.publish(natsSubject, 'x', { headers: messageHeaders, reply: 'gh.reply.a.b.c.d' });
      connection.publish(natsSubject);
    }
    expect(await call()).toMatchObject({ kind: 'answered' });
    await stop();
  });

  it.each([
    ['has no header', {}],
    ['has a header that is no JSON', { 'Gatehouse-Frame': '{' }],
    ['is of no kind', { 'Gatehouse-Frame': '{"kind":"other"}' }],
    ['gives no reason that exists', { 'Gatehouse-Frame': '{"kind":"refused","reason":"mood"}' }],
    ['has a header without end', { 'Gatehouse-Frame': `{"kind":"result","resultType":"${'x'.repeat(100_000)}"}` }],
  ])('ends as lost when the worker’s frame %s', async (_, headerFields) => {
    const { call, connection, instance, stop } = await serve(never);
    const { tenant, server, instance: token } = instance.address;
    connection.subscribe(`gh.call.${tenant}.${server}.${token}`, {
      callback: (_error, message) =>
        connection.publish(message.reply ?? '', '{}', { headers: headersOf(headerFields) }),
    });
    await connection.flush();
    expect(await call()).toEqual({ kind: 'lost', reason: 'malformed-frame' });
    void stop();
  });
});
