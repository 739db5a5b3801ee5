import { isObject } from '@gatehouse/protocol';
import { fetchJson } from './fetch-json.ts';

/**
 * Finds the issuer's `jwks_uri` from its metadata, in the three forms that MCP 2026-07-28 Authorization Server
 * Discovery lists.
 * @throws Error when no form answers with metadata of exactly this issuer (RFC 8414 §3.3).
 */
export async function discoverKeySetUrl(issuer: string): Promise<string> {
  const failures: string[] = [];
  for (const url of metadataUrls(issuer)) {
    try {
      const { document: metadata } = await fetchJson(url);
      if (!isObject(metadata) || metadata.issuer !== issuer) throw new Error(`${url} describes another issuer`);
      return keySetUrlOf(metadata, issuer);
    } catch (error) {
      failures.push(describe(error));
    }
  }
  throw new Error(failures.join('; '));
}

function metadataUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const urls = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
  ];
  return path === '' ? urls : [...urls, `${origin}${path}/.well-known/openid-configuration`];
}

function keySetUrlOf(metadata: Record<string, unknown>, issuer: string): string {
  const { jwks_uri: keySetUrl } = metadata;
  if (typeof keySetUrl !== 'string' || !URL.canParse(keySetUrl)) throw new Error('the metadata names no jwks_uri');
  const { protocol } = new URL(keySetUrl);
  if (protocol !== 'https:' && protocol !== new URL(issuer).protocol)
    throw new Error('jwks_uri is less protected than the issuer');
  return keySetUrl;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
