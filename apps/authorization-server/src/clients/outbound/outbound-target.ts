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
  /** What the exceptions for the host and port say together. */
  exception: Pick<OutboundException, 'hasAddress' | 'ca'> | undefined;
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
  const isPortOfAnybody = port === 443 || port >= 1_024;
  const applying = exceptions.filter(
    (known) => known.host === hostname && (known.port === undefined ? isPortOfAnybody : known.port === port),
  );
  if (applying.length > 0) return { ...target, exception: together(applying) };
  if (!isPortOfAnybody) throw new OutboundRefusal('port');
  // Nobody publishes a client at a bare address, and public certificates for one are rare.
  if (isIP(target.host) !== 0) throw new OutboundRefusal('host_name');
  if (!hostname.includes('.') || hostname.endsWith('.') || innerNames.test(hostname)) {
    throw new OutboundRefusal('host_name');
  }
  return { ...target, exception: undefined };
}

/** A host may be in every network that is listed for it, and the authorities of one entry vouch for it in all of them. */
function together(exceptions: OutboundException[]): Pick<OutboundException, 'hasAddress' | 'ca'> {
  const authorities = exceptions.flatMap(({ ca }) => ca ?? []);
  return {
    hasAddress: (address) => exceptions.some((exception) => exception.hasAddress(address)),
    ca: authorities.length === 0 ? undefined : authorities.join('\n'),
  };
}
