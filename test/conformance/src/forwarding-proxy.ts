import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a proxy changes on the way, beside the token that it adds. */
export interface Translation {
  /** Changes a request's body and raw headers. */
  request: (body: Buffer, rawHeaders: string[]) => { body: Buffer; rawHeaders: string[] };
  /** Changes the body of a JSON answer. */
  answer: (body: Buffer) => Buffer;
}

/** Where a proxy forwards to, and as whom. */
interface ProxyOptions {
  /** Ports of replicas; requests go to them in turn. */
  gatewayPorts: readonly number[];
  accessToken: string;
  translation?: Translation;
}

/**
 * Listens on a loopback port and forwards each request with the access token added. Host, Origin and everything else
 * pass as they came, so that the checks of the gateway see what the suite sent.
 */
export async function startForwardingProxy(options: ProxyOptions): Promise<{ port: number; close(): void }> {
  let requests = 0;
  const server = createServer((incoming, outgoing) => {
    const gatewayPort = options.gatewayPorts[requests++ % options.gatewayPorts.length] as number;
    forward(incoming, outgoing, gatewayPort, options).catch((error: unknown) => outgoing.destroy(error as Error));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  gatewayPort: number,
  { accessToken, translation }: ProxyOptions,
): Promise<void> {
  const received = await readAll(incoming);
  const { body, rawHeaders } = translation?.request(received, incoming.rawHeaders) ?? {
    body: received,
    rawHeaders: incoming.rawHeaders,
  };
  const forwarded = httpRequest({
    host: '127.0.0.1',
    port: gatewayPort,
    method: incoming.method ?? 'GET',
    path: incoming.url ?? '/',
    headers: [
      ...withoutHeaders(rawHeaders, ['content-length', 'transfer-encoding']),
      ...(body.length === 0 ? [] : ['Content-Length', String(body.length)]),
      'Authorization',
      `Bearer ${accessToken}`,
    ],
  });
  // The client's end is the server's end: at 2026-07-28 a closed response stream cancels the request.
  outgoing.on('close', () => forwarded.destroy());
  forwarded.on('error', () => outgoing.destroy());
  forwarded.on('response', (response) => void relay(response, outgoing, translation));
  forwarded.end(body);
}

async function relay(response: IncomingMessage, outgoing: ServerResponse, translation?: Translation): Promise<void> {
  response.on('error', () => outgoing.destroy());
  const status = response.statusCode ?? 502;
  const isJson = response.headers['content-type']?.startsWith('application/json') ?? false;
  if (translation === undefined || !isJson) {
    outgoing.writeHead(status, response.rawHeaders);
    response.pipe(outgoing);
    return;
  }
  const body = translation.answer(await readAll(response));
  const rawHeaders = withoutHeaders(response.rawHeaders, ['content-length', 'transfer-encoding']);
  outgoing.writeHead(status, [...rawHeaders, 'Content-Length', String(body.length)]);
  outgoing.end(body);
}

/** Raw headers are a flat list of names and values. */
function withoutHeaders(rawHeaders: string[], names: string[]): string[] {
  return rawHeaders.filter((_, index) => !names.includes((rawHeaders[index - (index % 2)] ?? '').toLowerCase()));
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
