import { describe, expect, it } from 'vitest';
import { displayClientName } from './client-name.ts';
import { english } from './english.ts';

describe('the shown name of a client', () => {
  it.each([
    ['Claude Code', 'Claude Code'],
    ['  Cursor\n\t2  ', 'Cursor 2'],
    ['Приложение 应用 アプリ', 'Приложение 应用 アプリ'],
  ])('is %j as %j', (given, shown) => {
    expect(displayClientName(given, english)).toBe(shown);
  });

  it.each([
    ['right-to-left override', 'Go\u202Eelg', 'Goelg'],
    ['isolates', '\u2066Bank\u2069', 'Bank'],
    ['zero-width characters', 'Ga\u200Bte\u2060house\uFEFF', 'Gatehouse'],
    ['control characters', 'A\u0000B\u001B[31mC', 'AB[31mC'],
    ['a line separator', 'Claude\u2028Verified by Gatehouse', 'Claude Verified by Gatehouse'],
    ['piled-up accents', `Z${'\u0301'.repeat(50)}algo`, `Z\u0301\u0301algo`],
    ['a lone surrogate', 'A\uD800B', 'AB'],
  ])('drops %s', (_case, given, shown) => {
    expect(displayClientName(given, english)).toBe(shown);
  });

  it('is cut after sixty characters, never inside one', () => {
    const family = '👨‍👩‍👧';
    expect(displayClientName('x'.repeat(1_000_000), english)).toBe(`${'x'.repeat(60)}…`);
    expect(displayClientName(family.repeat(3), english).length).toBeLessThan(30);
  });

  it.each([[undefined], [''], [' \u200B\u202E ']])('says so when there is none: %j', (given) => {
    expect(displayClientName(given, english)).toBe('An application without a name');
  });
});
