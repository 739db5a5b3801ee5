import { connect } from 'node:net';

/** What came back on a raw connection. */
export interface RawAnswer {
  status: number | undefined;
  head: string;
  body: string;
  /** True when the gateway closed the connection. */
  closed: boolean;
}

/** Sends bytes as they are, and collects the answer until the connection closes or nothing comes any more. */
export function sendRaw(port: number, bytes: string | Buffer, options: { waitMs?: number } = {}): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    let quiet: NodeJS.Timeout | undefined;
    const settle = (closed: boolean) => {
      clearTimeout(quiet);
      socket.destroy();
      const [head = '', ...rest] = text.split('\r\n\r\n');
      const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1];
      resolve({ status: status === undefined ? undefined : Number(status), head, body: rest.join('\r\n\r\n'), closed });
    };
    socket.on('data', (chunk) => {
      text += chunk.toString();
      clearTimeout(quiet);
      // An answer that is complete may still be followed by the end of the connection.
      quiet = setTimeout(settle, options.waitMs ?? (isComplete(text) ? 30 : 2_000), false);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => settle(true));
    socket.write(bytes);
  });
}

function isComplete(text: string): boolean {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  return length !== undefined && Buffer.byteLength(body) >= Number(length);
}

/** A POST as text, with the headers that every message needs; `undefined` leaves one out. */
export function rawPost(path: string, body: string | Buffer, headers: Record<string, string | undefined> = {}): Buffer {
  const all = {
    Host: 'localhost:3000',
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    'Content-Length': String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`]));
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), Buffer.from(body)]);
}
