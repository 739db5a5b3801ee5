import type { Principal } from '@gatehouse/protocol';
import { clockToleranceS, verifyAccessToken } from './access-token.ts';
import type { IssuerKeySet } from './issuer-key-set.ts';
import { ScopeHierarchy } from './scope-hierarchy.ts';
import { VerifiedTokenCache } from './verified-token-cache.ts';

const maxCachedTokens = 20_000;

/** Verifies the access tokens of one issuer, each of them once. */
export class AccessTokenVerifier {
  readonly #issuer: string;
  readonly #keySet: IssuerKeySet;
  readonly #hierarchy: ScopeHierarchy;
  readonly #cache = new VerifiedTokenCache(maxCachedTokens);

  constructor(issuer: string, keySet: IssuerKeySet, hierarchy = new ScopeHierarchy([])) {
    this.#issuer = issuer;
    this.#hierarchy = hierarchy;
    this.#keySet = keySet;
  }

  /** The principal of a token that was verified for this audience before; undefined means: call `verify`. */
  findVerified(token: string, audience: string): Principal | undefined {
    return this.#cache.get(token, audience, this.#keySet.generation);
  }

  /**
   * Verifies a token for one audience.
   * @throws InvalidTokenError, KeySetUnavailableError
   */
  async verify(token: string, audience: string): Promise<Principal> {
    // Read before the check: a key that is withdrawn meanwhile must not vouch for the token any longer.
    const { generation } = this.#keySet;
    const principal = await this.verifyForAny(token, [audience]);
    this.#cache.set(token, {
      principal,
      audience,
      generation,
      validUntil: (principal.expiresAt + clockToleranceS) * 1_000,
    });
    return principal;
  }

  /**
   * Verifies a token for any of several audiences, without remembering it.
   * @throws InvalidTokenError, KeySetUnavailableError
   */
  verifyForAny(token: string, audiences: string[]): Promise<Principal> {
    const expectation = { issuer: this.#issuer, audiences, hierarchy: this.#hierarchy };
    return verifyAccessToken(token, expectation, this.#keySet.getKey);
  }
}
