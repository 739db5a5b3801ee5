import { describe, expect, it } from 'vitest';
import { addressOfBeat, randomToken, subjects, subjectToken } from './subjects.ts';

const hostileTexts: [string, string][] = [
  ['the empty text', ''],
  ['a full wildcard', '>'],
  ['a token wildcard', '*'],
  ['a wildcard behind a name', 'a.>'],
  ['a dot', 'a.b'],
  ['two dots', 'a..b'],
  ['a leading dot', '.a'],
  ['a space', 'a b'],
  ['a tab', 'a\tb'],
  ['a line break, as in a protocol command', 'a\r\nPUB gh.call.x.y.z 0\r\n\r\n'],
  ['NUL', 'a\0b'],
  ['a dollar', '$SRV'],
  ['upper case', 'Acme'],
  ['a slash', 'a/b'],
  ['a letter beyond ASCII', 'büro'],
  ['an emoji', '🏢'],
  ['a lone surrogate', '\ud800'],
  ['another lone surrogate', '\ud801'],
  ['the replacement character', '\ufffd'],
  ['full-width wildcards', '＊＞'],
  ['64 characters', 'a'.repeat(64)],
  ['65 characters', 'a'.repeat(65)],
  ['a mebibyte', 'a'.repeat(1024 * 1024)],
  ['a leading underscore', '_acme'],
  ['what another text is encoded as', subjectToken('Acme')],
];

describe('subjectToken', () => {
  it.each(['acme', 'a', '0', 'a-b_c', '-', 'a'.repeat(63)])('leaves the plain name %s as it is', (name) => {
    expect(subjectToken(name)).toBe(name);
  });

  it.each(hostileTexts)('encodes %s as one harmless token', (_, text) => {
    expect(subjectToken(text)).toMatch(/^_[a-z0-9_-]{1,62}$/);
  });

  it('gives every text a token of its own', () => {
    const texts = [...hostileTexts.map(([, text]) => text), 'acme', 'a', 'a'.repeat(63)];
    expect(new Set(texts.map(subjectToken)).size).toBe(texts.length);
  });

  it('gives one text the same token again after a flood of others', () => {
    const before = subjectToken('Acme Corp.');
    for (let number = 0; number < 20_000; number++) subjectToken(`tenant-${number}`);
    expect(subjectToken('Acme Corp.')).toBe(before);
  });
});

describe('subjects', () => {
  it.each(hostileTexts)('keep their number of tokens when a tenant is called %s', (_, tenant) => {
    const address = { tenant: subjectToken(tenant), server: subjectToken('files'), instance: randomToken(8) };
    for (const build of [subjects.call, subjects.control, subjects.beat]) {
      expect(build(address)).toMatch(/^gh\.[a-z]+(\.[a-z0-9_-]{1,63}){3}$/);
    }
    expect(subjects.reply(address, randomToken(8), randomToken(16))).toMatch(/^gh\.reply(\.[a-z0-9_-]{1,63}){4}$/);
  });

  it('read back the address that a beat was sent from', () => {
    const address = { tenant: subjectToken('Acme'), server: subjectToken('files'), instance: randomToken(8) };
    expect(addressOfBeat(subjects.beat(address))).toEqual(address);
  });

  it.each(['gh.beat.a.b', 'gh.beat.a.b.c.d', 'gh.call.a.b.c', 'gh.beat..b.c', ''])('find no address in %j', (text) => {
    expect(addressOfBeat(text)).toBeUndefined();
  });
});

describe('randomToken', () => {
  it('never repeats', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => randomToken(16))).size).toBe(10_000);
  });
});
