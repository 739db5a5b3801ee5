import { defaultTenant } from '@gatehouse/protocol';
import type { CallRequest } from '../call-request.ts';
import type { ReadContext } from '../context.ts';
import type { CachingHints } from '../declarations.ts';

/** What of the context differs from caller to caller and is no part of a cache's key (MCP 2026-07-28 Caching §Cache Key). */
const ofTheCaller: ReadonlySet<string | symbol> = new Set<keyof ReadContext>(['principal', 'clientCapabilities']);

/** Gives a handler its context and notes whether it looked at the caller: then another caller may be told otherwise. */
export function watchCaller(context: ReadContext): { context: ReadContext; dependsOnCaller(): boolean } {
  let looked = context.principal.tenant !== defaultTenant;
  const watched = new Proxy(context, {
    get(target, name) {
      if (ofTheCaller.has(name)) looked = true;
      return Reflect.get(target, name) as unknown;
    },
  });
  return { context: watched, dependsOnCaller: () => looked };
}

/**
 * The hints that go out: `public` only if the author says so and nothing of the caller went in; nothing to keep where
 * the client's answers went in (§Cache Key); never a `ttlMs` below 0 (§Time-to-Live (TTL) Field).
 */
export function hintsOf(stated: CachingHints, request: CallRequest, dependsOnCaller: boolean): Required<CachingHints> {
  const retried = request.params.inputResponses !== undefined || request.params.requestState !== undefined;
  if (retried) return { ttlMs: 0, cacheScope: 'private' };
  const { ttlMs = 0, cacheScope } = stated;
  return {
    ttlMs: Number.isSafeInteger(ttlMs) && ttlMs > 0 ? ttlMs : 0,
    cacheScope: cacheScope === 'public' && !dependsOnCaller ? 'public' : 'private',
  };
}
