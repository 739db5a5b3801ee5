const minute = 60;
const hour = 60 * minute;

const shortestFreshSeconds = 5 * minute;
const longestFreshSeconds = 24 * hour;

/** How long an accepted document serves after that while its host does not answer. */
export const staleSeconds = 24 * hour;

/** How long nothing is fetched after a failure; the developer of a client waits so long after a correction. */
export const keepRefusalSeconds = minute;

/**
 * How long a document is not fetched again (RFC 9111 §5.2.2.1). Its host decides within bounds: shorter would let every
 * login fetch, longer would keep a redirect URI that the client has given up.
 */
export function freshSeconds(cacheControl: string | undefined): number {
  const directives = (cacheControl ?? '').toLowerCase().split(',');
  const ages = directives.map((directive) => /^\s*max-age\s*=\s*"?(\d{1,10})"?\s*$/.exec(directive)?.[1]);
  const age = ages.find((text) => text !== undefined);
  const mayBeKept = !directives.some((directive) => /^\s*no-(store|cache)\b/.test(directive));
  const asked = age === undefined || !mayBeKept ? 0 : Number(age);
  return Math.min(longestFreshSeconds, Math.max(shortestFreshSeconds, asked));
}
