import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { Health } from './health.ts';
import { listen } from './listen.ts';
import type { ListenOptions } from './listen.ts';
import { metrics } from './telemetry/metric-registry.ts';
import { prometheusMediaType, renderPrometheus } from './telemetry/prometheus-text.ts';

/** What the admin listener shows under one path. */
export interface AdminPage {
  mediaType: string;
  body: string;
}

/** The admin listener of a process. */
interface AdminServer {
  port: number;
  /** Shows what `render` returns under a path that begins with `/`. */
  addPage(path: string, render: () => AdminPage): void;
  close(): Promise<void>;
}

/**
 * Serves `/livez`, `/readyz`, `/startupz` and `/metrics` on a port of its own, and the pages that are added.
 * @throws StartError when the port cannot be bound; `portSetting` is the variable that the sentence names.
 */
export async function startAdminServer({
  settings,
  health,
  ...at
}: Omit<ListenOptions, 'host'> & {
  settings: { HOST: string; ADMIN_HOST?: string | undefined };
  health: Health;
}): Promise<AdminServer> {
  const pages = new Map<string, () => AdminPage>([['/metrics', renderMetrics]]);
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    const page = pages.get(path);
    if (page) sendPage(response, page);
    else void answer(path, response, health);
  });
  const { HOST: host, ADMIN_HOST: adminHost } = settings;
  const port = await listen(
    server,
    adminHost === undefined ? { host, ...at } : { host: adminHost, hostSetting: 'ADMIN_HOST', ...at },
  );
  return {
    port,
    addPage: (path, render) => pages.set(path, render),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function renderMetrics(): AdminPage {
  return { mediaType: prometheusMediaType, body: renderPrometheus(metrics.instruments()) };
}

function sendPage(response: ServerResponse, render: () => AdminPage): void {
  try {
    const { mediaType, body } = render();
    response.writeHead(200, { 'content-type': mediaType, 'cache-control': 'no-store' });
    response.end(body);
  } catch {
    // Whoever looks sees that there is nothing to see; the process has other work.
    send(response, 500, { status: 'the page could not be made' });
  }
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
