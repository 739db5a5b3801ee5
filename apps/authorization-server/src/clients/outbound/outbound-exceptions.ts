import { readFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { StartError } from '@gatehouse/runtime';

/** A host that may be connected to though its addresses are not public. */
export interface OutboundException {
  /** As it stands in a URL: ASCII, lower case. */
  host: string;
  /** The one port that the exception is for; undefined for those that every host may have. */
  port: number | undefined;
  /** True for an address that the host may have; it may have no other. */
  hasAddress(address: string): boolean;
  /** PEM of the authorities that may vouch for the host, instead of the public ones. */
  ca: string | undefined;
}

/**
 * Reads exceptions, each `<host>[:<port>] <network> [<CA file>]`.
 * @param setting where they stand.
 * @throws StartError naming the entry that cannot be used.
 */
export function readOutboundExceptions(entries: string[], setting: string): OutboundException[] {
  return entries.map((entry) => {
    const [authority = '', network = '', caFile, ...rest] = entry.split(/\s+/);
    const url = URL.canParse(`https://${authority}`) ? new URL(`https://${authority}`) : undefined;
    const isHost = url?.host === authority.replace(/:443$/, '') && /^([a-z0-9.-]+|\[.*\])$/.test(url.hostname);
    if (!isHost || rest.length > 0) throw badEntry(entry, setting);
    const port = /:(\d+)$/.exec(authority)?.[1];
    return {
      host: url.hostname,
      port: port === undefined ? undefined : Number(port),
      hasAddress: networkTest(network, () => badEntry(entry, setting)),
      ca: caFile === undefined ? undefined : readAuthorities(caFile, setting),
    };
  });
}

function networkTest(network: string, badEntry: () => StartError): OutboundException['hasAddress'] {
  const [address = '', prefix, ...rest] = network.split('/');
  const version = isIP(address);
  const longest = version === 4 ? 32 : 128;
  const length = prefix === undefined ? longest : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (version === 0 || rest.length > 0 || !(length <= longest)) throw badEntry();
  const addresses = new BlockList();
  addresses.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6');
  // The list would also match an IPv4 network with its mapped IPv6 addresses, which nobody listed.
  return (candidate) => isIP(candidate) === version && addresses.check(candidate, version === 4 ? 'ipv4' : 'ipv6');
}

function readAuthorities(file: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new StartError(`${setting} names ${file}, which cannot be read: check the path.`, { cause });
  }
}

function badEntry(entry: string, setting: string): StartError {
  return new StartError(
    `${setting} holds "${entry}"; each entry is "host[:port] network [CA file]", ` +
      'such as "agents.corp.example 10.20.0.0/16 /etc/ssl/corp.pem".',
  );
}
