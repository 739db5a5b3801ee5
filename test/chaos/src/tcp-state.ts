import { readFileSync } from 'node:fs';

const established = '01';

/**
 * Whether the far end of a loopback connection still holds it open, as Linux tells it. A reader that does not read never
 * hears of the end from its own socket.
 */
export function isHeldOpen(farPort: number, nearPort: number): boolean {
  const port = (value: number) => value.toString(16).toUpperCase().padStart(4, '0');
  const pattern = new RegExp(`^ *\\d+: [0-9A-F]{8}:${port(farPort)} [0-9A-F]{8}:${port(nearPort)} ([0-9A-F]{2}) `, 'm');
  return pattern.exec(readFileSync('/proc/net/tcp', 'utf8'))?.[1] === established;
}
