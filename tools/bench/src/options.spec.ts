import { describe, expect, it } from 'vitest';
import { parseOptions, sectionNames } from './options.ts';

describe('parseOptions', () => {
  it.each([
    [[], { seconds: 15, rounds: 5, quick: false, only: sectionNames }],
    [['--quick'], { seconds: 2, rounds: 1, quick: true, only: sectionNames }],
    [['--seconds', '15', '--rounds=5'], { seconds: 15, rounds: 5, quick: false, only: sectionNames }],
    [['--quick', '--seconds', '4'], { seconds: 4, rounds: 1, quick: true, only: sectionNames }],
    [['--only', 'list', '--only=call'], { seconds: 15, rounds: 5, quick: false, only: ['list', 'call'] }],
  ])('reads %j', (parameters, options) => {
    expect(parseOptions(parameters)).toEqual(options);
  });

  it.each([
    [['--seconds', '0'], '--seconds must be a whole number above 0'],
    [['--rounds', 'many'], '--rounds must be a whole number above 0'],
    [['--rounds', '1.5'], '--rounds must be a whole number above 0'],
    [['--only', 'lists'], '--only must be one of call, connections'],
    [['--fast'], "Unknown option '--fast'"],
  ])('refuses %j', (parameters, sentence) => {
    expect(() => parseOptions(parameters)).toThrow(sentence);
  });
});
