import { isIP } from 'node:net';
import type { OutboundException } from './outbound-exceptions.ts';
import { OutboundRefusal } from './outbound-refusal.ts';

/** Where a fetch goes, by its URL; no address has been looked up yet. */
export interface OutboundTarget {
  /** ASCII, lower case, without brackets. */
  host: string;
  port: number;
  /** Path and query. */
  path: string;
  /** The exception that the host is fetched under. */
  exception: OutboundException | undefined;
}

/** Names that mean this machine or an inner network to whoever resolves them (RFC 6761, RFC 6762, RFC 8375). */
const innerNames =
  /(^|\.)(localhost|localdomain|local|internal|intranet|private|corp|home|lan|arpa|onion|alt|invalid|test)$/;

/**
 * Checks what the URL alone shows: https, a public host name, and a port that no well-known service but https has.
 * @throws OutboundRefusal
 */
export function outboundTarget(url: string, exceptions: OutboundException[]): OutboundTarget {
  if (!URL.canParse(url)) throw new OutboundRefusal('url');
  // The parser turns decimal, octal and hexadecimal spellings of an address into the dotted one.
  const { protocol, username, password, hostname, port: portText, pathname, search } = new URL(url);
  if (protocol !== 'https:' || username !== '' || password !== '') throw new OutboundRefusal('url');
  const port = portText === '' ? 443 : Number(portText);
  const target = { host: hostname.replace(/^\[|\]$/g, ''), port, path: `${pathname}${search}` };
  const exception = exceptions.find((known) => known.host === hostname && (known.port ?? port) === port);
  if (exception?.port === undefined && port !== 443 && port < 1_024) throw new OutboundRefusal('port');
  if (exception) return { ...target, exception };
  // Nobody publishes a client at a bare address, and public certificates for one are rare.
  if (isIP(target.host) !== 0) throw new OutboundRefusal('host_name');
  if (!hostname.includes('.') || hostname.endsWith('.') || innerNames.test(hostname)) {
    throw new OutboundRefusal('host_name');
  }
  return { ...target, exception: undefined };
}
