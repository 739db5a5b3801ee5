import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOutboundExceptions } from './outbound-exceptions.ts';
import { outboundTarget } from './outbound-target.ts';

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

describe('several exceptions for one host', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-exceptions-'));
    for (const name of ['a', 'b']) writeFileSync(path.join(folder, `${name}.pem`), `authority ${name}`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const targetOf = (url: string, ...entries: string[]) =>
    outboundTarget(url, readOutboundExceptions(entries, 'SETTING'));
  const hasAddress = (url: string, entries: string[]) =>
    ['10.0.0.1', 'fd00::1', '192.168.0.1', '127.0.0.1'].filter((address) =>
      targetOf(url, ...entries).exception?.hasAddress(address),
    );

  it('let it be in each of their networks, and in no other', () => {
    const entries = ['a.corp 10.0.0.0/8', 'a.corp fd00::/8', 'b.corp 127.0.0.0/8'];
    expect(hasAddress('https://a.corp/', entries)).toEqual(['10.0.0.1', 'fd00::1']);
    expect(hasAddress('https://a.corp:8443/', entries)).toEqual(['10.0.0.1', 'fd00::1']);
    expect(hasAddress('https://b.corp/', entries)).toEqual(['127.0.0.1']);
  });

  it('count at their own port only', () => {
    const entries = ['a.corp 10.0.0.0/8', 'a.corp:8443 fd00::/8', 'a.corp:80 192.168.0.0/16'];
    expect(hasAddress('https://a.corp/', entries)).toEqual(['10.0.0.1']);
    expect(hasAddress('https://a.corp:8443/', entries)).toEqual(['10.0.0.1', 'fd00::1']);
    // An entry without a port opens none where another service is at home.
    expect(hasAddress('https://a.corp:80/', entries)).toEqual(['192.168.0.1']);
    expect(() => targetOf('https://a.corp:22/', ...entries)).toThrow('port');
  });

  it('let the authorities of each vouch for it', () => {
    const [a, b] = [path.join(folder, 'a.pem'), path.join(folder, 'b.pem')];
    const caOf = (...entries: string[]) => targetOf('https://a.corp/', ...entries).exception?.ca;
    expect(caOf(`a.corp 10.0.0.0/8 ${a}`, `a.corp fd00::/8 ${b}`)).toBe('authority a\nauthority b');
    expect(caOf('a.corp 10.0.0.0/8', `a.corp fd00::/8 ${b}`)).toBe('authority b');
    expect(caOf('a.corp 10.0.0.0/8', 'a.corp fd00::/8', `b.corp 10.0.0.0/8 ${a}`)).toBeUndefined();
  });
});
