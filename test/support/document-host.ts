import { createServer as createProxyServer } from 'node:http';
import { createServer } from 'node:https';
import type { RequestListener } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrivateCa } from './private-ca.ts';

/** Hosts of metadata documents on one loopback port, with certificates of a private authority. */
export interface DocumentHost {
  port: number;
  /** File with the certificate of the authority. */
  caFile: string;
  /** Answers of the host by path; a path without one is 404. */
  answers: Map<string, RequestListener>;
  /** Answers a path with JSON. */
  serve(path: string, document: unknown, headers?: Record<string, string>): void;
  /** Paths as they were asked for. */
  requests: string[];
  connections(): number;
  stop(): Promise<void>;
}

/** Starts a host for these names at an address of this machine. */
export async function startDocumentHost(names: string[], address = '127.0.0.1'): Promise<DocumentHost> {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-ca-'));
  const caFile = join(directory, 'ca.pem');
  const ca = createPrivateCa();
  writeFileSync(caFile, ca.certificate);
  const answers: DocumentHost['answers'] = new Map();
  const requests: string[] = [];
  const server = createServer(ca.issue(names), (request, response) => {
    requests.push(request.url ?? '');
    const answer = answers.get(request.url ?? '');
    if (answer) answer(request, response);
    else response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
  });
  const counted = await listenAndCount(server, address);
  return {
    ...counted,
    caFile,
    answers,
    requests,
    serve: (path, document, headers = {}) => {
      answers.set(path, (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(document));
      });
    },
    stop: async () => {
      await counted.stop();
      rmSync(directory, { recursive: true });
    },
  };
}

/** A port of this machine that takes connections, counts them and says nothing. */
export function startListener(address: string, port = 0): Promise<CountedPort> {
  return listenAndCount(
    createTcpServer((socket) => socket.destroy()),
    address,
    port,
  );
}

/** An egress proxy that leads every name to one port of this machine. */
export async function startEgressProxy(to: { port: number }): Promise<CountedPort & { authorities: string[] }> {
  const authorities: string[] = [];
  const server = createProxyServer();
  server.on('connect', (request, socket: Socket) => {
    authorities.push(request.url ?? '');
    const onward = connect(to.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
    socket.on('close', () => onward.destroy());
  });
  return { ...(await listenAndCount(server, '127.0.0.1')), authorities };
}

/** A server whose connections are counted. */
export interface CountedPort {
  port: number;
  connections(): number;
  stop(): Promise<void>;
}

function listenAndCount(server: Server, address: string, port = 0): Promise<CountedPort> {
  let count = 0;
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    count++;
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => open.delete(socket));
  });
  server.on('tlsClientError', () => {});
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port, ipv6Only: address.includes(':') }, () =>
      resolve({
        port: (server.address() as AddressInfo).port,
        connections: () => count,
        stop: () =>
          new Promise((stopped) => {
            server.close(() => stopped());
            for (const socket of open) socket.destroy();
          }),
      }),
    );
  });
}
