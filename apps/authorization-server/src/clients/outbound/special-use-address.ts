import { BlockList, isIP } from 'node:net';

/** IANA IPv4 Special-Purpose Address Registry (RFC 6890) and multicast (RFC 5771), by first address and prefix length. */
const specialIpv4: [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // A virtual address that every machine on Azure has its platform at; it looks public.
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/**
 * IANA IPv6 Special-Purpose Address Registry inside 2000::/3. Nothing outside of it is global unicast (RFC 4291 §2.4):
 * unspecified, loopback, mapped, compatible and translated IPv4, discard-only, segment routing, unique and link local,
 * site local, multicast, and what was never assigned.
 */
const specialIpv6: [string, number][] = [
  // Teredo, benchmarking, AMT, AS112, ORCHID and what the IETF may still assign.
  ['2001::', 23],
  ['2001:db8::', 32],
  // 6to4 holds an IPv4 address, which a relay would forward to.
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
];

const special = new BlockList();
for (const [address, prefix] of specialIpv4) special.addSubnet(address, prefix, 'ipv4');
for (const [address, prefix] of specialIpv6) special.addSubnet(address, prefix, 'ipv6');

const globalIpv6 = new BlockList();
globalIpv6.addSubnet('2000::', 3, 'ipv6');

/** True for every address that is not of one host on the public Internet, and for what is no address. */
export function isSpecialUseAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return special.check(address, 'ipv4');
    case 6:
      // A zone (`fe80::1%eth0`) belongs to a link, and would be ignored by the comparison.
      return address.includes('%') || !globalIpv6.check(address, 'ipv6') || special.check(address, 'ipv6');
    default:
      return true;
  }
}
