import { describe, expect, it } from 'vitest';
import { isUnsafeServer } from './server-version.ts';

describe('a nats-server', () => {
  it.each([
    ['2.14.2', 'nats.example:4222'],
    ['2.14.0', '10.0.0.7:4222'],
    ['2.9.25', '[fe80::1]:4222'],
    ['1.99.99', 'localhost.example:4222'],
  ])('%s at %s is too old to be reached from elsewhere', (version, address) => {
    expect(isUnsafeServer(version, address)).toBe(true);
  });

  it.each([
    ['2.14.3', 'nats.example:4222'],
    ['2.15.0-beta.1', 'nats.example:4222'],
    ['3.0.0', '10.0.0.7:4222'],
    ['2.14.0', '127.0.0.1:4222'],
    ['2.14.0', 'localhost:4222'],
    ['2.14.0', '[::1]:4222'],
  ])('%s at %s will do', (version, address) => {
    expect(isUnsafeServer(version, address)).toBe(false);
  });
});
