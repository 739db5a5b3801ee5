import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { Health } from './health.ts';
import { listen } from './listen.ts';

/** The admin listener of a process. */
export interface AdminServer {
  port: number;
  close(): Promise<void>;
}

/**
 * Serves `/livez`, `/readyz` and `/startupz` on a port of its own.
 * @throws StartError when the port cannot be bound; `portSetting` is the variable that the sentence names.
 */
export async function startAdminServer(options: {
  host: string;
  port: number;
  portSetting: string;
  health: Health;
}): Promise<AdminServer> {
  const { health } = options;
  const server = createServer((request, response) => {
    void answer(request.url?.split('?')[0] ?? '', response, health);
  });
  const port = await listen(server, options);
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(path: string, response: ServerResponse, health: Health): Promise<void> {
  if (path === '/livez') return send(response, 200, { status: 'alive' });
  if (path === '/startupz')
    return send(response, health.started ? 200 : 503, { status: health.started ? 'started' : 'starting' });
  if (path === '/readyz') {
    const unready = await health.findUnready();
    const ready = Object.keys(unready).length === 0;
    return send(response, ready ? 200 : 503, ready ? { status: 'ready' } : { status: 'not ready', reasons: unready });
  }
  return send(response, 404, { status: 'not found' });
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}
