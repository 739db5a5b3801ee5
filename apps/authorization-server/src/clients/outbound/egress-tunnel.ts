import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { OutboundRefusal } from './outbound-refusal.ts';
import type { OutboundTarget } from './outbound-target.ts';

/** Asks the egress proxy for a way to the target (RFC 9110 §9.3.6); the proxy resolves its name. */
export function openTunnel(proxy: URL, target: OutboundTarget, signal: AbortSignal): Promise<Duplex> {
  const authority = `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const authorization = { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
  const request = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request({
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : proxy.port,
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...(credentials === ':' ? {} : authorization) },
      agent: false,
      signal,
    });
    sent.once('connect', (answer, socket, head) => {
      // A server speaks after the client in TLS: bytes before that are nobody's.
      if (answer.statusCode === 200 && head.length === 0) return resolve(socket);
      socket.destroy();
      reject(new OutboundRefusal('unreachable'));
    });
    sent.once('response', (answer) => {
      answer.destroy();
      reject(new OutboundRefusal('unreachable'));
    });
    sent.once('error', (cause) => reject(new OutboundRefusal('unreachable', { cause })));
    sent.end();
  });
}
