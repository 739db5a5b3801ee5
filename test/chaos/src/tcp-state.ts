import { readFileSync } from 'node:fs';

const established = '01';

/** The far end of a loopback connection, as Linux tells it. */
interface FarEnd {
  /** False once its process has closed it. A reader that does not read never hears of that from its own socket. */
  heldOpen: boolean;
  /** What it has written and nobody has taken. */
  waitingBytes: number;
}

export function lookAtFarEnd(farPort: number, nearPort: number): FarEnd {
  const port = (value: number) => value.toString(16).toUpperCase().padStart(4, '0');
  const line = new RegExp(
    `^ *\\d+: [0-9A-F]{8}:${port(farPort)} [0-9A-F]{8}:${port(nearPort)} ([0-9A-F]{2}) ([0-9A-F]{8}):`,
    'm',
  ).exec(readFileSync('/proc/net/tcp', 'utf8'));
  return { heldOpen: line?.[1] === established, waitingBytes: Number.parseInt(line?.[2] ?? '0', 16) };
}
