import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import type { JWK, JWTPayload } from 'jose';
import { publicPart } from '../keys/public-part.ts';
import { bearerId } from '../storage/stored-id.ts';
import { routes } from './endpoints.ts';
import { requestState } from './request-state.ts';
import type { Step } from './request-state.ts';

/**
 * Lets JWT access tokens be introspected and revoked (RFC 7662, RFC 7009), which the provider offers for stored tokens
 * only. A token that we signed and that has not expired is its own row: its claims go to the storage of access tokens
 * under the token's digest. Every other JWT is a token that does not exist.
 */
export function recognizeAccessToken(issuer: string, signingKeys: JWK[]): Step {
  const keySet = createLocalJWKSet({ keys: signingKeys.map(publicPart) });
  return async (ctx, next) => {
    const state = requestState(ctx);
    const { form } = state;
    const isAboutTokens = ctx.path === routes.revocation || ctx.path === routes.introspection;
    if (isAboutTokens && typeof form?.token === 'string' && isJwt(form.token)) {
      const id = bearerId(form.token);
      const claims = await verify(form.token, issuer, keySet);
      if (claims) state.accessToken = { id, claims };
      form.token = id;
    }
    return next();
  };
}

/** What the provider would refuse as a structured token. */
function isJwt(token: string): boolean {
  try {
    decodeProtectedHeader(token);
    return true;
  } catch {
    return false;
  }
}

async function verify(
  token: string,
  issuer: string,
  keySet: ReturnType<typeof createLocalJWKSet>,
): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(token, keySet, {
      issuer,
      typ: 'at+jwt',
      requiredClaims: ['exp', 'iat', 'jti', 'sub', 'aud', 'client_id', 'gid'],
    });
    return payload;
  } catch {
    return undefined;
  }
}
