import type { Logger } from '@gatehouse/runtime';
import type { Exclusion } from './resolution.ts';

/** Said once per exclusion: the author can rename, or the operator can send clients to `/mcp/<server>`. */
export function logExclusion(logger: Logger, fields: Exclusion & { tenant: string }): void {
  logger.warn(fields, 'left out of /mcp, still on the endpoint of its server');
}
