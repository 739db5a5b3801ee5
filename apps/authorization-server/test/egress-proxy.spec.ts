import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOutboundExceptions } from '../src/clients/outbound/outbound-exceptions.ts';
import { OutboundFetch } from '../src/clients/outbound/outbound-fetch.ts';
import { startDocumentHost, startEgressProxy } from '../../../test/support/document-host.ts';
import type { DocumentHost } from '../../../test/support/document-host.ts';

describe('an egress proxy', () => {
  let host: DocumentHost;

  beforeAll(async () => {
    host = await startDocumentHost(['public.example']);
    host.serve('/client.json', { fetched: true });
  });
  afterAll(() => host.stop());

  const fetchThrough = (proxy: string) => {
    const exceptions = readOutboundExceptions([`public.example 192.0.2.1 ${host.caFile}`], 'SETTING');
    const outbound = new OutboundFetch({ exceptions, proxy });
    return outbound.getJson('https://public.example/client.json', { maxBytes: 100 });
  };

  it('leads to a host whose certificate is checked all the same', async () => {
    const proxy = await startEgressProxy(host);
    expect((await fetchThrough(`http://127.0.0.1:${proxy.port}`)).value).toEqual({ fetched: true });
    const misnamed = await startDocumentHost(['other.example']);
    const elsewhere = await startEgressProxy(misnamed);
    await expect(fetchThrough(`http://127.0.0.1:${elsewhere.port}`)).rejects.toMatchObject({ reason: 'unreachable' });
    expect(misnamed.requests).toEqual([]);
    await Promise.all([proxy.stop(), elsewhere.stop(), misnamed.stop()]);
  });

  it('is told the name and the credentials of the setting (RFC 9110 §9.3.6, §11.7.1)', async () => {
    const seen: unknown[] = [];
    const server = createServer().on('connect', (request, socket) => {
      seen.push([request.url, request.headers.host, request.headers['proxy-authorization']]);
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await expect(fetchThrough(`http://us%3Aer:p%40ss@127.0.0.1:${port}`)).rejects.toMatchObject({
      reason: 'unreachable',
      isPassing: true,
    });
    const basic = `Basic ${Buffer.from('us:er:p@ss').toString('base64')}`;
    expect(seen).toEqual([['public.example:443', 'public.example:443', basic]]);
    server.close();
  });

  it.each<[string, string | undefined, string]>([
    ['hangs up', '', 'unreachable'],
    ['answers nonsense', 'SSH-2.0-OpenSSH\r\n', 'unreachable'],
    ['hangs up after it has agreed', 'HTTP/1.1 200 OK\r\n\r\n', 'unreachable'],
    ['speaks before the client', 'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}', 'unreachable'],
    ['is silent', undefined, 'timeout'],
  ])('that %s fails the fetch in time, and nothing else', async (_what, answer, reason) => {
    const server = createServer().on('connect', (_request, socket) => {
      socket.on('error', () => {});
      if (answer !== undefined) socket.end(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const startedAt = performance.now();
    await expect(fetchThrough(`http://127.0.0.1:${port}`)).rejects.toMatchObject({ reason });
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    server.close();
  });
});
