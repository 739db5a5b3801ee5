import type { JWK } from 'jose';

/** JWS algorithms that tokens can be signed with (RFC 7518 §3.1), the default first. */
export const signingAlgorithms = ['ES256', 'RS256'] as const;

export type SigningAlgorithm = (typeof signingAlgorithms)[number];

/** What a key set signs with: the first key signs. */
export function signingAlgorithmOf([active]: JWK[]): SigningAlgorithm {
  return signingAlgorithms.find((algorithm) => algorithm === active?.alg) ?? signingAlgorithms[0];
}
