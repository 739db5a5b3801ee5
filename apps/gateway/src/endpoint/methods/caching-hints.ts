import type { Catalog } from '../../catalog/catalog.ts';

/** What a cacheable result says (MCP 2026-07-28 Caching §Cacheable Model). */
export interface CachingHints {
  ttlMs: number;
  cacheScope: 'public' | 'private';
}

/** How long a client may believe what `server/discover` and lists say when it hears of no change. */
const ttlMs = 10_000;

/**
 * The hints of `server/discover` and lists (docs/decisions/0014). They are `public` only while every caller of an
 * endpoint is shown the same: what depends on the caller, by tenant today and by entitlement once there are any, may not
 * be served to another one.
 */
export function cachingHints(catalog: Catalog, tenant: string): CachingHints {
  return { ttlMs, cacheScope: catalog.isTheOnlyTenant(tenant) ? 'public' : 'private' };
}
