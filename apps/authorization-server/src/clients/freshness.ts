const minute = 60;
const hour = 60 * minute;

/** How long what was fetched may be kept, in seconds; its host decides within these bounds. */
export interface FreshnessBounds {
  shortest: number;
  longest: number;
}

/** Shorter would let every login fetch a document, longer would keep a redirect URI that its client has given up. */
export const documentFreshness: FreshnessBounds = { shortest: 5 * minute, longest: 24 * hour };

/** A key that its client no longer uses, or has lost, must not be good for long. */
export const keySetFreshness: FreshnessBounds = { shortest: minute, longest: hour };

/** Nothing depends on a logo but how a page looks. */
export const logoFreshness: FreshnessBounds = { shortest: hour, longest: 7 * 24 * hour };

/** How long an accepted document serves after it was fresh while its host does not answer. */
export const staleSeconds = 24 * hour;

/**
 * How long nothing is fetched after a failure; the developer of a client waits so long after a correction.
 * Deviation: the specification caches no failures at all (docs/decisions/0025).
 */
export const keepRefusalSeconds = minute / 2;

/** How long something is not fetched again (RFC 9111 §5.2.2.1). */
export function freshSeconds(cacheControl: string | undefined, bounds: FreshnessBounds): number {
  const directives = (cacheControl ?? '').toLowerCase().split(',');
  const ages = directives.map((directive) => /^\s*max-age\s*=\s*"?(\d{1,10})"?\s*$/.exec(directive)?.[1]);
  const age = ages.find((text) => text !== undefined);
  const mayBeKept = !directives.some((directive) => /^\s*no-(store|cache)\b/.test(directive));
  const asked = age === undefined || !mayBeKept ? 0 : Number(age);
  return Math.min(bounds.longest, Math.max(bounds.shortest, asked));
}
