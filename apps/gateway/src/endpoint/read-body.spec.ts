import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BodyTooLargeError, ClientGoneError, readBody } from './read-body.ts';

let server: Server;
let socket: Socket;

beforeEach(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
});

afterEach(() => {
  socket.destroy();
  server.closeAllConnections();
  server.close();
});

async function post(bytes: string): Promise<IncomingMessage> {
  socket.write(`POST / HTTP/1.1\r\nHost: h\r\n${bytes}`);
  const [request] = (await once(server, 'request')) as [IncomingMessage];
  return request;
}

describe('the body of a request', () => {
  it('is read in as many chunks as it comes', async () => {
    const request = await post('Content-Length: 6\r\n\r\nabc');
    const body = readBody(request, 6);
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.write('def');
    expect((await body).toString()).toBe('abcdef');
  });

  it('is refused by its announced length, before any of it has come', async () => {
    await expect(readBody(await post('Content-Length: 7\r\n\r\n'), 6)).rejects.toBeInstanceOf(BodyTooLargeError);
  });

  it('is refused as soon as more has come than it may have', async () => {
    const request = await post('Transfer-Encoding: chunked\r\n\r\n7\r\nabcdefg\r\n');
    await expect(readBody(request, 6)).rejects.toBeInstanceOf(BodyTooLargeError);
  });

  it('of a client that leaves is not waited for', async () => {
    const body = readBody(await post('Content-Length: 6\r\n\r\nabc'), 6);
    socket.destroy();
    await expect(body).rejects.toBeInstanceOf(ClientGoneError);
  });

  it('of a client that has left already is not waited for', async () => {
    const request = await post('Content-Length: 6\r\n\r\nabc');
    socket.destroy();
    await new Promise((resolve) => request.once('close', resolve));
    await expect(readBody(request, 6)).rejects.toBeInstanceOf(ClientGoneError);
  });
});
