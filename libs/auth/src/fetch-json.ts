const maxDocumentBytes = 256 * 1024;
const fetchTimeoutMs = 3_000;

/** A fetched document. */
interface FetchedJson {
  document: unknown;
  /** How long the server lets it be kept (RFC 9111 §5.2.2.1); undefined when it does not say. */
  maxAgeSeconds: number | undefined;
}

/**
 * Fetches a small JSON document of the issuer. Redirects are refused: the issuer's addresses are configured or stand in
 * its own metadata, and nothing else may be reached through them.
 */
export async function fetchJson(url: string): Promise<FetchedJson> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(fetchTimeoutMs),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${url} answers ${response.status}`);
  }
  let text = '';
  let bytes = 0;
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxDocumentBytes) throw new Error(`${url} is larger than ${maxDocumentBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  const document: unknown = JSON.parse(text + decoder.decode());
  return { document, maxAgeSeconds: maxAgeOf(response.headers.get('cache-control')) };
}

function maxAgeOf(cacheControl: string | null): number | undefined {
  const seconds = /(?:^|[\s,])max-age="?(\d{1,9})\b/i.exec(cacheControl ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}
