import { describe, expect, it } from 'vitest';
import { textsFor } from './texts.ts';

describe('the language of the pages', () => {
  it.each([
    [undefined, 'en'],
    ['', 'en'],
    ['de', 'de'],
    ['DE-ch', 'de'],
    ['en-GB,en;q=0.9,de;q=0.8', 'en'],
    ['fr-FR,fr;q=0.9,de;q=0.8,en;q=0.7', 'de'],
    ['en;q=0.5, de ; q=0.7', 'de'],
    ['en;q=0.1,de;q=0', 'en'],
    ['de;q=0,*;q=0.1', 'en'],
    ['fr, pt-BR', 'en'],
    ['*, de;q=0.5', 'en'],
    ['de;q=1.5, en;q=0.1', 'en'],
    ['de;q=abc', 'en'],
    ['deutsch', 'en'],
    [`${'x,'.repeat(100_000)}de`, 'en'],
    ['__proto__', 'en'],
  ])('for %j is %s', (header, language) => {
    expect(textsFor(header).language).toBe(language);
  });

  it('says everything in each of them: no text is empty or left in English', () => {
    const [english, german] = ['en', 'de'].map((language) => flatten(textsFor(language)));
    expect(Object.keys(german ?? {})).toEqual(Object.keys(english ?? {}));
    const same = Object.keys(english ?? {}).filter((key) => english?.[key] === german?.[key]);
    expect(same).toEqual(['product']);
    expect(Object.values(german ?? {})).not.toContain('');
  });
});

/** Every text under the path of its key; what takes values is asked with the same ones. */
function flatten(texts: object, prefix = ''): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([key, value]: [string, unknown]) => {
      const path = `${prefix}${key}`;
      if (typeof value === 'string') return [[path, value]];
      if (typeof value === 'function') return [[path, (value as (...of: number[]) => string)(7, 8)]];
      return Object.entries(flatten(value as object, `${path}.`));
    }),
  );
}
