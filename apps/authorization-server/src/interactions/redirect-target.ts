/** Where an answer goes, as a person should see it. */
export interface RedirectTarget {
  /** `loopback`: a program on the person's computer; `website`: an https host; `app`: whatever claimed the scheme. */
  kind: 'loopback' | 'website' | 'app';
  /** Host and port, or for `app` the scheme and what follows it up to the path. International names in ASCII. */
  display: string;
  /** Nobody can tell which program answers: every such authorization needs a person (RFC 8252 §8.6). */
  impersonable: boolean;
}

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Describes a redirect URI that the provider has already checked against the registered ones. */
export function describeRedirect(redirectUri: string): RedirectTarget {
  const url = new URL(redirectUri);
  if (isLoopback(url)) return { kind: 'loopback', display: url.host, impersonable: true };
  if (url.protocol === 'https:') return { kind: 'website', display: url.host, impersonable: false };
  return { kind: 'app', display: url.host ? `${url.protocol}//${url.host}` : url.protocol, impersonable: true };
}

/**
 * The redirect URI as consents remember it: a native application takes another loopback port each time (RFC 8252 §7.3).
 */
export function rememberedRedirectUri(redirectUri: string): string {
  const url = new URL(redirectUri);
  if (!isLoopback(url)) return redirectUri;
  url.port = '';
  return url.href;
}

function isLoopback(url: URL): boolean {
  return url.protocol === 'http:' && loopbackHosts.has(url.hostname);
}
