import { describe, expect, it } from 'vitest';
import { readOutboundExceptions } from './outbound-exceptions.ts';

describe('an exception', () => {
  it.each([
    ['agents.corp.example 10.20.0.0/16', 'agents.corp.example', undefined, '10.20.3.4', '10.21.0.1'],
    ['agents.corp.example:8443 10.20.0.5', 'agents.corp.example', 8_443, '10.20.0.5', '10.20.0.6'],
    ['agents.corp.example:443 fd00:1::/64', 'agents.corp.example', 443, 'fd00:1::7', 'fd00:2::7'],
    ['10.0.0.1 10.0.0.1/32', '10.0.0.1', undefined, '10.0.0.1', '::ffff:10.0.0.1'],
    ['[fd00::1] fd00::1', '[fd00::1]', undefined, 'fd00::1', 'fd00::2'],
  ])('is a host and the network that it may be in: %s', (entry, host, port, inside, outside) => {
    const [exception] = readOutboundExceptions([entry], 'AUTH_OUTBOUND_EXCEPTIONS');
    expect(exception).toMatchObject({ host, port, ca: undefined });
    expect(exception?.hasAddress(inside)).toBe(true);
    expect(exception?.hasAddress(outside)).toBe(false);
  });

  it.each([
    'agents.corp.example',
    'agents.corp.example 10.0.0.0/33',
    'agents.corp.example 10.0.0.0/-1',
    'agents.corp.example 10.0.0.0/',
    'agents.corp.example 10.0.0.0/8/8',
    'agents.corp.example corp',
    'AGENTS.corp.example 10.0.0.0/8',
    'https://agents.corp.example 10.0.0.0/8',
    'user@agents.corp.example 10.0.0.0/8',
    'agents.corp.example/path 10.0.0.0/8',
    '*.corp.example 10.0.0.0/8',
    'agents.corp.example 10.0.0.0/8 /etc/ca.pem more',
    '10.0.0.0/8',
  ])('that is not understood stops the start and is named: %s', (entry) => {
    expect(() => readOutboundExceptions([entry], 'AUTH_OUTBOUND_EXCEPTIONS')).toThrow(
      `AUTH_OUTBOUND_EXCEPTIONS holds "${entry}"`,
    );
  });

  it('with a CA file that cannot be read stops the start', () => {
    expect(() => readOutboundExceptions(['a.example 10.0.0.0/8 /nowhere.pem'], 'SETTING')).toThrow(
      'SETTING names /nowhere.pem',
    );
  });
});
