import { english } from './english.ts';
import { german } from './german.ts';

/** The words of one language: its keys are those of the English ones, in every language. */
export type Texts = typeof english;

/** By the first part of a language tag; where nothing fits, the first. */
const languages = new Map<string, Texts>([
  ['en', english],
  ['de', german],
]);

/** Far more than any browser sends. */
const longestHeader = 1_000;

/**
 * The words for a browser, by its `Accept-Language` (RFC 9110 §12.5.4): of the languages that it weighs highest the first
 * that there is, looked up as in RFC 4647 §3.4, so that `de-CH` finds German.
 */
export function textsFor(acceptLanguage: string | undefined): Texts {
  const ranges = (acceptLanguage ?? '').slice(0, longestHeader).split(',').flatMap(readRange);
  for (const { tag } of ranges.toSorted((one, other) => other.weight - one.weight)) {
    const texts = tag === '*' ? english : languages.get(tag.split('-')[0] ?? '');
    if (texts) return texts;
  }
  return english;
}

function readRange(text: string): { tag: string; weight: number }[] {
  const match = /^\s*([a-z0-9*-]+)\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/i.exec(text);
  const weight = Number(match?.[2] ?? 1);
  return match?.[1] !== undefined && weight > 0 ? [{ tag: match[1].toLowerCase(), weight }] : [];
}
