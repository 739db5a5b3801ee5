import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The least that can be asked: every request is answered at once. What is measured here is the load generator itself. */
const answer = Buffer.alloc(200, ' ');

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
    response.end(answer);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
