import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Reply } from './reply.ts';

/** How long and how much of an unwanted body is read so that its sender sees the answer before the connection ends. */
const lingerMs = 2_000;
const lingerBytes = 64 * 1024 * 1024;

/**
 * Answers and closes the connection. Closing with unread data would reset it, and the sender would lose the answer: the
 * rest is read and thrown away for a moment (RFC 9112 §9.6).
 */
export function sendAndClose(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const { status, body = new Uint8Array(), headers } = reply;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    connection: 'close',
    ...headers,
  });
  // The whole answer is out before `end`, which closes.
  response.write(body);
  const close = () => {
    clearTimeout(timer);
    request.off('data', count);
    response.end();
  };
  const timer = setTimeout(close, lingerMs);
  let bytes = 0;
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > lingerBytes) close();
  };
  if (request.complete) {
    close();
    return;
  }
  request.on('data', count);
  request.once('end', close);
  request.once('close', close);
}
