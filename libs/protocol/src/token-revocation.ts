/** What a revocation names: one token (`jti`), all tokens of a grant (`gid`), of an account (`sub`) or of an OAuth client. */
export const revocationKinds = ['token', 'grant', 'account', 'client'] as const;

export type RevocationKind = (typeof revocationKinds)[number];

/** Tokens that are good no more, though they have not expired, as the authorization server tells it to gateways. */
export interface TokenRevocation {
  tenant: string;
  kind: RevocationKind;
  /** The id of what is named. */
  id: string;
  /** When the last token that it hits has expired, seconds since the epoch. */
  expiresAt: number;
  /** Only tokens that were issued before are hit, seconds since the epoch; all when absent. */
  issuedBefore?: number;
}
