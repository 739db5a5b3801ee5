import type { Texts } from './texts.ts';

const longestName = 60;
const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * A client's name as it may be shown: it was chosen by a stranger, so nothing in it may reorder, hide or overprint the
 * text around it (Unicode control, format, line-breaking and piled-up combining characters), and it cannot push the
 * rest off the page.
 */
export function displayClientName(name: string | undefined, texts: Texts): string {
  const clean = (name ?? '')
    .slice(0, 1_000)
    .replace(/\s+/gu, ' ')
    .replace(/\p{C}/gu, '')
    .replace(/(\p{M}{2})\p{M}+/gu, '$1')
    .trim();
  if (clean === '') return texts.client.unnamed;
  const segments = Array.from(characters.segment(clean), (segment) => segment.segment);
  return segments.length > longestName ? `${segments.slice(0, longestName).join('')}…` : clean;
}
