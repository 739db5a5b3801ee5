import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** Something that listens where PostgreSQL is expected. */
interface FakePostgres {
  url: string;
  close(): Promise<void>;
}

/**
 * A PostgreSQL of another version, as far as a client sees it: it lets everybody in and answers every query with that
 * version (PostgreSQL 18 §54 Frontend/Backend Protocol).
 */
export function startPostgresOfVersion(version: string, versionNumber: number): Promise<FakePostgres> {
  const ready = message('Z', Buffer.from('I'));
  return listen((socket) => {
    let isStarted = false;
    socket.on('data', (data) => {
      if (!isStarted) {
        isStarted = true;
        socket.write(Buffer.concat([message('R', Buffer.alloc(4)), ready]));
      } else if (data[0] === 'Q'.charCodeAt(0)) {
        const row = dataRow([version, String(versionNumber)]);
        const complete = message('C', Buffer.from('SELECT 1\0'));
        socket.write(Buffer.concat([rowDescription(['version', 'number']), row, complete, ready]));
      }
    });
  });
}

/** A host that accepts connections and says nothing. */
export function startSilence(): Promise<FakePostgres> {
  return listen(() => undefined);
}

function listen(onConnection: (socket: Socket) => void): Promise<FakePostgres> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onConnection(socket);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({
        url: `postgres://somebody:secret@127.0.0.1:${port}/anything`,
        close: () =>
          new Promise((done) => {
            for (const socket of sockets) socket.destroy();
            server.close(() => done());
          }),
      });
    });
  });
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

function rowDescription(names: string[]): Buffer {
  const textType = 25;
  const fields = names.map((name) =>
    Buffer.concat([Buffer.from(`${name}\0`), int32(0), int16(0), int32(textType), int16(-1), int32(-1), int16(0)]),
  );
  return message('T', Buffer.concat([int16(names.length), ...fields]));
}

function dataRow(values: string[]): Buffer {
  const columns = values.map((value) => Buffer.concat([int32(Buffer.byteLength(value)), Buffer.from(value)]));
  return message('D', Buffer.concat([int16(values.length), ...columns]));
}
