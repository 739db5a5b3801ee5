import { describe, expect, it } from 'vitest';
import { parseOptions, sectionNames } from './options.ts';

describe('parseOptions', () => {
  it.each([
    [[], { seconds: 15, rounds: 5, quick: false, only: sectionNames, isAboutAuth: false }],
    [['--quick'], { seconds: 2, rounds: 1, quick: true, only: sectionNames, isAboutAuth: false }],
    [
      ['--seconds', '15', '--rounds=5'],
      { seconds: 15, rounds: 5, quick: false, only: sectionNames, isAboutAuth: false },
    ],
    [['--quick', '--seconds', '4'], { seconds: 4, rounds: 1, quick: true, only: sectionNames, isAboutAuth: false }],
    [
      ['--only', 'list', '--only=call'],
      { seconds: 15, rounds: 5, quick: false, only: ['list', 'call'], isAboutAuth: false },
    ],
    [['auth', '--quick'], { seconds: 2, rounds: 1, quick: true, only: sectionNames, isAboutAuth: true }],
  ])('reads %j', (parameters, options) => {
    expect(parseOptions(parameters)).toEqual(options);
  });

  it.each([
    [['--seconds', '0'], '--seconds must be a whole number above 0'],
    [['--rounds', 'many'], '--rounds must be a whole number above 0'],
    [['--rounds', '1.5'], '--rounds must be a whole number above 0'],
    [['--only', 'lists'], '--only must be one of call, connections'],
    [['author'], 'unknown word author'],
    [['auth', '--only', 'list'], 'auth has no sections'],
    [['--fast'], "Unknown option '--fast'"],
  ])('refuses %j', (parameters, sentence) => {
    expect(() => parseOptions(parameters)).toThrow(sentence);
  });
});
