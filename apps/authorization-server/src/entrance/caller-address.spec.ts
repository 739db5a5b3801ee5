import { describe, expect, it } from 'vitest';
import { networkOf } from './caller-address.ts';

describe('the address that attempts are counted under', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::1', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('of %s is %s: an IPv4 address or an IPv6 /64', (address, counted) => {
    expect(networkOf(address)).toBe(counted);
  });
});
