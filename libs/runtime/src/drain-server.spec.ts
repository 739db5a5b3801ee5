import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { drainServer } from './drain-server.ts';

async function startServer(answerAfterMs = 0) {
  const server = createServer({ connectionsCheckingInterval: 100, headersTimeout: 60_000 }, (request, response) => {
    request.resume().once('end', () => setTimeout(() => response.end('answer'), answerAfterMs));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function send(server: { address(): unknown }, text: string): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let received = '';
  socket.on('error', () => undefined).on('data', (chunk: Buffer) => (received += chunk.toString()));
  await new Promise((resolve) => socket.write(text, resolve));
  await new Promise((resolve) => setTimeout(resolve, 50));
  return { socket, received: () => received };
}

describe.concurrent('drainServer', () => {
  it.each([
    ['the head', 'POST / HTTP/1.1\r\nHost: a\r\n', 2_000],
    ['the body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf', 5_000],
  ])('waits for the rest of %s for a short time only', async (_, half, withinMs) => {
    const server = await startServer();
    const { socket } = await send(server, half);
    const began = performance.now();
    await drainServer(server);
    const tookMs = performance.now() - began;
    expect(tookMs).toBeGreaterThan(withinMs - 500);
    expect(tookMs).toBeLessThan(withinMs + 2_000);
    socket.destroy();
  });

  it('lets an answer under way go out, and closes its connection after it', async () => {
    const server = await startServer(300);
    const { socket, received } = await send(server, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const closed = once(socket, 'close');
    await drainServer(server);
    await closed;
    expect(received()).toContain('answer');
  });

  it('has nothing to do for a server that does not listen', async () => {
    await expect(drainServer(createServer())).resolves.toBeUndefined();
  });
});
