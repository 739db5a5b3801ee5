import { isIP } from 'node:net';

/** The oldest nats-server without the security advisories of 2026. */
export const safeServerVersion = '2.14.3';

/** True when a server is too old to be reached from elsewhere; on loopback the local stack's version will do. */
export function isUnsafeServer(version: string, address: string): boolean {
  const host = address.replace(/^\w+:\/\//, '').replace(/:\d+$/, '');
  return !isLoopback(host) && isOlder(version, safeServerVersion);
}

function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}

function isOlder(version: string, wanted: string): boolean {
  const [mine, other] = [version, wanted].map((text) => text.split(/[.-]/).map((part) => Number.parseInt(part, 10)));
  for (let place = 0; place < 3; place++) {
    const difference = (mine?.[place] || 0) - (other?.[place] || 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
