import { describe, expect, it } from 'vitest';
import { renderDocument } from './layout.tsx';
import { Moment } from './moment.tsx';
import { textsFor } from './texts.ts';

const now = new Date('2026-11-21T12:00:00Z');

function tell(at: string, language: string): string {
  return renderDocument(Moment({ at: new Date(at), texts: textsFor(language), now }));
}

describe('a point in time', () => {
  it.each([
    ['2026-11-21T11:59:30Z', 'now', 'jetzt'],
    ['2026-11-21T12:00:05Z', 'now', 'jetzt'],
    ['2026-11-21T11:48:00Z', '12 minutes ago', 'vor 12 Minuten'],
    ['2026-11-21T07:10:00Z', '4 hours ago', 'vor 4 Stunden'],
    ['2026-11-20T11:00:00Z', 'yesterday', 'gestern'],
    ['2026-03-01T11:00:00Z', 'Mar 1, 2026', '01.03.2026'],
  ])('is told as people speak of it: %s', (at, english, german) => {
    const told = ['en', 'de'].map((language) =>
      tell(at, language)
        .replaceAll(/<[^>]*>/g, '')
        .trim(),
    );
    expect(told).toEqual([english, german]);
  });

  it('carries its exact time for those who want it', () => {
    expect(tell('2026-11-21T12:00:00Z', 'de')).toContain(
      'datetime="2026-11-21T12:00:00.000Z" title="21.11.2026, 12:00 UTC"',
    );
  });
});
