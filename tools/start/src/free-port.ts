import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A loopback TCP port that is free right now; `preferred` is returned when it is. */
export async function findFreePort(preferred = 0): Promise<number> {
  return (await tryPort(preferred)) ?? findFreePort();
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const { port: found } = server.address() as AddressInfo;
      server.close(() => resolve(found));
    });
  });
}
