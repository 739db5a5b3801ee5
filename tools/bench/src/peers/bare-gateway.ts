import { hash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from '@nats-io/transport-node';
import { bareCallSubject, busOptions } from './bare-bus.ts';

/**
 * The upper limit that the gateway is compared with: node:http -> NATS -> worker with nothing but what every gateway
 * must do for a call - parse the body, look the token up, compare the headers, address the worker, relay the bytes.
 */
const connection = await connect({ ...busOptions, noEcho: true });
const inbox = `_bare.${process.pid}`;
/** By the number of a call; places are used again, for a Map would keep what has left it (docs/decisions/0027). */
const waiting: (ServerResponse | undefined)[] = [];
const free: number[] = [];
const principals = new Map<string, { accountId: string }>();

connection.subscribe(`${inbox}.*`, {
  callback: (_error, { subject, data }) => {
    const callId = Number(subject.slice(inbox.length + 1));
    const response = waiting[callId];
    if (response === undefined) return;
    waiting[callId] = undefined;
    free.push(callId);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': data.length });
    response.end(data);
  },
});

function relay(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const call = JSON.parse(body.toString()) as { method: string; params: { name: string } };
  const token = hash('sha256', request.headers.authorization ?? '');
  if (!principals.has(token)) principals.set(token, { accountId: 'bench' });
  const { 'mcp-method': method, 'mcp-name': name } = request.headers;
  if (call.method !== 'tools/call' || method !== call.method || name !== call.params.name) {
    response.writeHead(400).end();
    return;
  }
  const callId = free.pop() ?? waiting.length;
  waiting[callId] = response;
  connection.publish(bareCallSubject, body, { reply: `${inbox}.${callId}` });
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const [only] = chunks;
    relay(request, response, chunks.length === 1 && only ? only : Buffer.concat(chunks));
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
