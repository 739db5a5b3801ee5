import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What stands in front of replicas: one address, whose consecutive requests reach different ones. */
export interface Balancer {
  port: number;
  /** How often a path was asked for. */
  requestsOf(path: string): number;
  stop(): void;
}

/**
 * Listens on loopback and passes requests on as they are.
 * @param ports of the replicas; it may grow and shrink meanwhile. Without any, requests are answered 503.
 */
export async function startBalancer(ports: () => number[], port = 0): Promise<Balancer> {
  const counts = new Map<string, number>();
  let turn = 0;
  const server = createServer((request, response) => {
    const { method, url: path = '/', headers } = request;
    counts.set(path, (counts.get(path) ?? 0) + 1);
    const present = ports();
    const replica = present[turn++ % present.length];
    if (replica === undefined) {
      response.writeHead(503).end();
      return;
    }
    const onward = httpRequest({ host: '127.0.0.1', port: replica, method, path, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
    request.pipe(onward);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    requestsOf: (path) => counts.get(path) ?? 0,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
