import { describe, expect, it } from 'vitest';
import { isSpecialUseAddress } from './special-use-address.ts';

describe('an address of the public Internet', () => {
  it.each([
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.1',
    '169.253.255.255',
    '169.255.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2001:200::1',
    '2001:4860:4860::8888',
    '2606:4700:4700::1111',
    '2003::1',
    '2a00::1',
    '3ffe:ffff::1',
  ])('may be connected to: %s', (address) => {
    expect(isSpecialUseAddress(address)).toBe(false);
  });
});

describe('what is no address, or one with a zone', () => {
  it.each([
    '',
    'localhost',
    '127.1',
    '0x7f000001',
    '2130706433',
    '2606:4700:4700::1111%eth0',
    '[2606::1]',
    '1.1.1.1/32',
  ])('is not connected to: %j', (address) => {
    expect(isSpecialUseAddress(address)).toBe(true);
  });
});
