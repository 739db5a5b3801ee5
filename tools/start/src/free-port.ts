import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below what systems give to outgoing connections, one of which might take the port before it is bound. */
const range = [10_240, 32_768] as const;

/** A loopback TCP port that is free right now; `preferred` is returned when it is. */
export async function findFreePort(preferred = randomInt(...range)): Promise<number> {
  return (await isFree(preferred)) ? preferred : findFreePort();
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
