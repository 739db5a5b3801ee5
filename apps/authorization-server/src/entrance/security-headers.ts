import type { ServerResponse } from 'node:http';

/** Headers of every answer; a page replaces some of them with its own, stricter where it can and looser where it must. */
export function setSecurityHeaders(response: ServerResponse, isHttps: boolean): void {
  // The provider's own form that ends another account's session adds its script's hash to `script-src`.
  response.setHeader(
    'content-security-policy',
    "default-src 'none'; script-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  );
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('x-frame-options', 'DENY');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  response.setHeader('permissions-policy', 'camera=(), geolocation=(), microphone=()');
  response.setHeader('cache-control', 'no-store');
  if (isHttps) response.setHeader('strict-transport-security', 'max-age=31536000; includeSubDomains');
}
