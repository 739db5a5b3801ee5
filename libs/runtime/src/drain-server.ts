import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';

/** How long a request may take to arrive once the server ends. */
const headMs = 2_000;
const bodyMs = 5_000;

/**
 * Stops accepting, and resolves when the last answer is out. Who has not said what it wants by now is not waited for as long
 * as usual. The server must be made with a `connectionsCheckingInterval` of a second.
 */
export async function drainServer(server: Server): Promise<void> {
  if (!server.listening) return;
  server.headersTimeout = headMs;
  server.requestTimeout = bodyMs;
  // A connection becomes idle when its last answer is out, and node:http would keep it until its timeout.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  await new Promise<void>((resolve) => {
    // Not `http.Server.close`, which ends the watch over those two timeouts too.
    NetServer.prototype.close.call(server, () => resolve());
  });
  clearInterval(sweep);
  server.close();
}
