import type { IncomingMessage } from 'node:http';

/**
 * The caller's address: that of the peer, or, behind `trustedProxies` proxies of our own, what the outermost of them
 * wrote. Anything further left in X-Forwarded-For was written by the caller and says nothing.
 */
export function callerAddress(request: IncomingMessage, trustedProxies: number): string {
  const peer = withoutMapping(request.socket.remoteAddress ?? '');
  if (trustedProxies === 0) return peer;
  const header = [request.headers['x-forwarded-for'] ?? []].flat().join(',');
  const addresses = header.split(',').map((text) => text.trim());
  const address = addresses.at(-trustedProxies);
  return address === undefined || address === '' ? peer : withoutMapping(address);
}

/** An IPv4 caller of a dual-stack socket shows as `::ffff:192.0.2.1`. */
function withoutMapping(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
