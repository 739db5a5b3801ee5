/** At least one address of every special-use block of IPv4, at its ends where that can go wrong. */
export const specialIpv4Addresses = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.100.100.200',
  '100.127.255.255',
  '127.0.0.1',
  '127.0.0.2',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.0.1',
  '169.254.169.254',
  '169.254.170.2',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.0.192',
  '192.0.2.1',
  '192.31.196.1',
  '192.52.193.1',
  '192.88.99.1',
  '192.168.0.1',
  '192.168.255.255',
  '192.175.48.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
];

/** Likewise of IPv6, with what holds or leads to an IPv4 address. */
export const specialIpv6Addresses = [
  '::',
  '::1',
  '::2',
  '::7f00:1',
  '::a9fe:a9fe',
  '::ffff:7f00:1',
  '::ffff:a00:1',
  '::ffff:a9fe:a9fe',
  '::ffff:5db8:d70e',
  '::ffff:0:7f00:1',
  '64:ff9b::7f00:1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::1',
  '100::1',
  '100:0:0:1::1',
  '2001::1',
  '2001:0:7f00:1::1',
  '2001:2::1',
  '2001:3::1',
  '2001:4:112::1',
  '2001:10::1',
  '2001:20::1',
  '2001:db8::1',
  '2002:7f00:1::1',
  '2002:a9fe:a9fe::1',
  '2620:4f:8000::1',
  '3fff::1',
  '4000::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'febf::1',
  'fec0::1',
  'ff02::1',
  'ff0e::1',
];

/** The ways in which an IPv4 address can be written where a host stands. */
export function spellingsOf(address: string): string[] {
  const octets = address.split('.').map(Number);
  const [first = 0, second = 0, third = 0, fourth = 0] = octets;
  const number = ((first * 256 + second) * 256 + third) * 256 + fourth;
  const high = (first * 256 + second).toString(16);
  const low = (third * 256 + fourth).toString(16);
  const octal = (octet: number) => `0${octet.toString(8)}`;
  return [
    address,
    `${address}.`,
    String(number),
    `0x${number.toString(16)}`,
    `0${number.toString(8)}`,
    octets.map(octal).join('.'),
    octets.map((octet) => `0x${octet.toString(16)}`).join('.'),
    `${first}.${number % 16_777_216}`,
    `${first}.${second}.${third * 256 + fourth}`,

    `[::ffff:${address}]`,
    `[::ffff:${high}:${low}]`,
    `[::${address}]`,
    `[64:ff9b::${address}]`,
    `[2002:${high}:${low}::1]`,
  ];
}
