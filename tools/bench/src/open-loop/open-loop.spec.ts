import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { OpenLoop } from './open-loop.ts';

const stallMs = 400;
let server: Server;

async function listen(answer: RequestListener): Promise<string> {
  server = createServer((request, response) => {
    request.resume();
    request.on('end', () => answer(request, response));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function loadOf(url: string) {
  return { url, headers: {}, body: '{}', requestsPerSecond: 100, seconds: 1, warmUpSeconds: 0, connections: 2 };
}

describe('OpenLoop', () => {
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  it('sends every request that is due and counts the answers', async () => {
    const url = await listen((_request, response) => response.end('right'));
    const result = await new OpenLoop(loadOf(url)).run();
    expect(result).toMatchObject({ requestsPerSecond: 100, failed: 0 });
    expect(result.bytesPerAnswer).toBeGreaterThan(100);
  });

  it('counts the wait of requests that were due while the server stood still', async () => {
    let stalledUntil: number | undefined;
    const url = await listen((_request, response) => {
      stalledUntil ??= performance.now() + stallMs;
      setTimeout(() => response.end('late'), Math.max(0, stalledUntil - performance.now()));
    });
    const { p50Ms, p90Ms, maxMs } = await new OpenLoop(loadOf(url)).run();
    // 40 of 100 requests were due in the stall; with two connections only two of them were under way.
    expect(p90Ms).toBeGreaterThan(stallMs / 2);
    expect(maxMs).toBeGreaterThan(stallMs - 20);
    expect(p50Ms).toBeLessThan(stallMs);
  });

  it('counts refusals and lost connections as failed', async () => {
    let answers = 0;
    const url = await listen((_request, response) => {
      if (answers++ === 10) response.destroy();
      else response.writeHead(answers === 5 ? 500 : 200, { 'content-length': 0 }).end();
    });
    const { failed } = await new OpenLoop(loadOf(url)).run();
    expect(failed).toBe(2);
  });
});
