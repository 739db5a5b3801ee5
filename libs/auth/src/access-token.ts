import { isObject } from '@gatehouse/protocol';
import type { Principal } from '@gatehouse/protocol';
import { errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import { InvalidTokenError } from './invalid-token-error.ts';
import type { InvalidTokenReason } from './invalid-token-error.ts';
import type { ScopeHierarchy } from './scope-hierarchy.ts';

/** Signatures that are accepted: asymmetric only, so that neither `none` nor an HMAC under a public key can pass. */
const algorithms = ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA', 'Ed25519'];

/** How far the clocks of issuer and gateway may differ, seconds. */
export const clockToleranceS = 30;

const tenantOfForeignIssuers = 'default';

/** What an access token is checked against. */
interface AccessTokenExpectation {
  issuer: string;
  /** Canonical resource URIs, compared as strings: a token for another resource is not for us (RFC 8707 §2). */
  audiences: string[];
  /** What scopes add to those of the token. */
  hierarchy: ScopeHierarchy;
}

/**
 * Verifies a JWT access token (RFC 9068 §4) and tells who it speaks for.
 * @throws InvalidTokenError for a token that must be refused; KeySetUnavailableError when no key was ever fetched.
 */
export async function verifyAccessToken(
  token: string,
  expectation: AccessTokenExpectation,
  getKey: JWTVerifyGetKey,
): Promise<Principal> {
  try {
    const { payload } = await jwtVerify(token, getKey, {
      algorithms,
      typ: 'at+jwt',
      issuer: expectation.issuer,
      audience: expectation.audiences,
      clockTolerance: clockToleranceS,
      requiredClaims: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'],
    });
    return principalOf(payload, expectation.hierarchy);
  } catch (error) {
    throw error instanceof errors.JOSEError ? new InvalidTokenError(reasonOf(error), { cause: error }) : error;
  }
}

function principalOf(claims: JWTPayload, hierarchy: ScopeHierarchy): Principal {
  const {
    iss,
    sub,
    client_id: oauthClientId,
    jti,
    iat,
    exp,
    scope = '',
    tenant = tenantOfForeignIssuers,
    gid,
  } = claims;
  const roles = claims.roles ?? [];
  const { partial_scopes: partialScopes } = claims;
  const valid =
    isFilled(iss) &&
    isFilled(sub) &&
    isFilled(oauthClientId) &&
    isFilled(jti) &&
    isFilled(tenant) &&
    typeof scope === 'string' &&
    (gid === undefined || isFilled(gid)) &&
    isTextArray(roles) &&
    (partialScopes === undefined || isScopeTable(partialScopes));
  if (!valid) throw new InvalidTokenError('claims');
  return {
    tenant,
    issuer: iss,
    accountId: sub,
    oauthClientId,
    scopes: hierarchy.expand(scope.split(' ').filter((part) => part !== '')),
    ...(partialScopes === undefined ? {} : { partialScopes: hierarchy.expandPartial(partialScopes) }),
    roles,
    ...(gid === undefined ? {} : { grantId: gid }),
    tokenId: jti,
    issuedAt: iat as number,
    expiresAt: exp as number,
  };
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isTextArray(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isScopeTable(value: unknown): value is Record<string, string[]> {
  return isObject(value) && Object.values(value).every(isTextArray);
}

const reasonOfClaim: Record<string, InvalidTokenReason> = {
  aud: 'audience',
  iss: 'issuer',
  nbf: 'not-yet-valid',
  typ: 'type',
};

function reasonOf(error: errors.JOSEError): InvalidTokenReason {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) return reasonOfClaim[error.claim] ?? 'claims';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'algorithm';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature';
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return 'unknown-key';
  return 'malformed';
}
