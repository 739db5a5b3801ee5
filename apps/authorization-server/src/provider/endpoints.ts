/** Paths of the provider's endpoints, below the issuer's own path. */
export const routes = {
  authorization: '/auth',
  pushed_authorization_request: '/par',
  token: '/token',
  registration: '/reg',
  revocation: '/token/revocation',
  introspection: '/token/introspection',
  jwks: '/jwks',
  end_session: '/session/end',
} as const;

/** RFC 8414 §3 and OpenID Connect Discovery 1.0 §4. */
export const metadataPaths = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];

const exactPaths = new Set<string>([...Object.values(routes), ...metadataPaths]);

/** Where a client says what it wants its person to approve: by the browser, or by itself (RFC 9126). */
export function isAuthorizationRequest(path: string): boolean {
  return path === routes.authorization || path === routes.pushed_authorization_request;
}

/** True for what the provider answers; everything else is a page. */
export function isProviderPath(path: string): boolean {
  return (
    exactPaths.has(path) ||
    path.startsWith(`${routes.authorization}/`) ||
    path.startsWith(`${routes.registration}/`) ||
    path === `${routes.end_session}/confirm`
  );
}

/** Endpoints that browser-based clients call from any origin; none of them reads a cookie. */
export function isOpenToBrowserClients(path: string): boolean {
  return (
    metadataPaths.includes(path) ||
    path.startsWith(`${routes.registration}/`) ||
    [
      routes.pushed_authorization_request,
      routes.token,
      routes.registration,
      routes.revocation,
      routes.introspection,
      routes.jwks,
    ].some((route) => route === path)
  );
}
