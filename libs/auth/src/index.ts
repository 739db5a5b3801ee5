export { AccessTokenVerifier } from './access-token-verifier.ts';
export { readBearerToken } from './bearer-token.ts';
export { InvalidTokenError, KeySetUnavailableError } from './invalid-token-error.ts';
export type { InvalidTokenReason } from './invalid-token-error.ts';
export { IssuerKeySet } from './issuer-key-set.ts';
export { RevocationView } from './revocation-view.ts';
export { ScopeHierarchy } from './scope-hierarchy.ts';
export { hasScopes } from './scopes.ts';
