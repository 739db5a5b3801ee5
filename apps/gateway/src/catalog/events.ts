import type { Logger } from '@gatehouse/runtime';
import type { Exclusion } from './resolution.ts';

/** Said once per exclusion: the author can mend it, or the operator can send clients to `/mcp/<server>`. */
export function logExclusion(logger: Logger, fields: Exclusion & { tenant: string }): void {
  if (fields.reason === 'invalid-header-annotation') logger.warn(fields, 'tool left out: its definition is invalid');
  else logger.warn(fields, 'left out of /mcp, still on the endpoint of its server');
}
