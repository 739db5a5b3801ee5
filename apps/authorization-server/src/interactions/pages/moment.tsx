import type { Texts } from './texts.ts';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * A point in time as people speak of it: for a month by its distance, which needs no time zone, then by its date. The
 * exact time, in UTC, is its title.
 */
export function Moment({ at, texts, now = new Date() }: { at: Date; texts: Texts; now?: Date }) {
  const { language } = texts;
  const exact = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
  return (
    <time datetime={at.toISOString()} title={`${exact.format(at)} UTC`}>
      {describe(at, now, language)}
    </time>
  );
}

function describe(at: Date, now: Date, language: string): string {
  const seconds = Math.max(0, (now.getTime() - at.getTime()) / 1_000);
  const distance = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  if (seconds < minute) return distance.format(0, 'second');
  if (seconds < hour) return distance.format(-Math.floor(seconds / minute), 'minute');
  if (seconds < day) return distance.format(-Math.floor(seconds / hour), 'hour');
  if (seconds < 30 * day) return distance.format(-Math.floor(seconds / day), 'day');
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' }).format(at);
}
