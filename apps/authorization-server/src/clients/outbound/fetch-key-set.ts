import { freshSeconds, keepRefusalSeconds, keySetFreshness } from '../freshness.ts';
import type { OutboundFetch } from './outbound-fetch.ts';
import { OutboundRefusal } from './outbound-refusal.ts';

const maxKeySetBytes = 32 * 1_024;
const mostRefusals = 1_000;

/**
 * oidc-provider's `fetch`, which it uses for the key sets of clients (`jwks_uri`). The provider asks again at every
 * attempt while a key set is missing, so a refusal is kept for a minute.
 */
export function fetchKeySet(outbound: OutboundFetch): (input: string | URL | Request) => Promise<Response> {
  const refusals = new Map<string, { refusal: OutboundRefusal; untilMs: number }>();
  return async (input) => {
    const url = input instanceof Request ? input.url : String(input);
    const known = refusals.get(url);
    if (known && known.untilMs > performance.now()) throw known.refusal;
    refusals.delete(url);
    try {
      const { body, cacheControl } = await outbound.getJson(url, { maxBytes: maxKeySetBytes });
      const maxAge = freshSeconds(cacheControl, keySetFreshness);
      return new Response(body, { headers: { 'cache-control': `max-age=${maxAge}` } });
    } catch (error) {
      if (!(error instanceof OutboundRefusal) || error.reason === 'busy') throw error;
      const [oldest] = refusals.keys();
      if (refusals.size >= mostRefusals && oldest !== undefined) refusals.delete(oldest);
      refusals.set(url, { refusal: error, untilMs: performance.now() + keepRefusalSeconds * 1_000 });
      throw error;
    }
  };
}
