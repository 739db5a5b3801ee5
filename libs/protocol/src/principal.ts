/** The tenant of everything in an installation that has none. */
export const defaultTenant = 'default';

/** Who makes a call, as an access token proved it. It travels to the tool; the token itself never does. */
export interface Principal {
  /** Tenant of the account (`default` until tenants exist). */
  tenant: string;
  /** Issuer of the token. */
  issuer: string;
  /** Internal account id (`sub`), unique within the issuer. */
  accountId: string;
  /** OAuth client that the token was issued to. */
  oauthClientId: string;
  /** Granted scopes, in the token's order, and after them those that the configured hierarchy adds. */
  scopes: string[];
  /**
   * Scopes that were granted before they came to open more: each opens what it opened then, all but these tools of its
   * server; with those that the configured hierarchy adds. What the token has whole stands in `scopes` besides.
   */
  partialScopes?: Record<string, string[]>;
  roles: string[];
  /** Grant id (`gid`), absent when a foreign issuer has none. */
  grantId?: string;
  /** Token id (`jti`). */
  tokenId: string;
  /** When the token was issued, seconds since the epoch; absent where no token was. */
  issuedAt?: number;
  /** Expiry of the token, seconds since the epoch. */
  expiresAt: number;
}
