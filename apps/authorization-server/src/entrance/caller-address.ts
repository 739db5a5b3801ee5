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

/** The part of an address that one attacker can be assumed to own: an IPv4 address, or the /64 of an IPv6 one. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1]) return mapped[1];
  if (!address.includes(':')) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const headGroups = head.split(':').filter(Boolean);
  const tailGroups = tail?.split(':').filter(Boolean) ?? [];
  const zeros = Array.from({ length: Math.max(0, 8 - headGroups.length - tailGroups.length) }, () => '0');
  return [...headGroups, ...zeros, ...tailGroups]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}

/** An IPv4 caller of a dual-stack socket shows as `::ffff:192.0.2.1`. */
function withoutMapping(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
