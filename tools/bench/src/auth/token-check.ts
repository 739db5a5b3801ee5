import { randomUUID } from 'node:crypto';
import { AccessTokenVerifier, IssuerKeySet, RevocationView } from '@gatehouse/auth';
import { startTokenIssuer } from '../token-issuer.ts';
import type { TokenIssuer } from '../token-issuer.ts';

const audience = 'http://localhost:3000/mcp';
const uncachedPerRound = 2_000;
const cachedPerRound = 200_000;
const revocations = 1_000;

/** What one check of an access token costs, in microseconds. */
export interface TokenCheckResult {
  /** Of a token that was checked before. */
  cachedUs: number;
  /** Of a token that is seen for the first time. */
  uncachedUs: number;
}

/** What a gateway asks before each call: whose token it is, and whether it was revoked. */
interface TokenCheck {
  verifier: AccessTokenVerifier;
  view: RevocationView;
}

/** Checks tokens as a gateway does, first seen and seen before in turns. */
export async function measureTokenChecks(rounds: number): Promise<TokenCheckResult[]> {
  const issuer = await startTokenIssuer();
  const keySet = new IssuerKeySet(issuer.issuer, { onLoaded: () => undefined, onFailed: () => undefined });
  try {
    await keySet.start();
    const check = { verifier: new AccessTokenVerifier(issuer.issuer, keySet), view: viewOfRevocations() };
    const results: TokenCheckResult[] = [];
    // The first round warms up.
    await measureRound(check, issuer);
    for (let round = 0; round < rounds; round += 1) results.push(await measureRound(check, issuer));
    return results;
  } finally {
    keySet.close();
    issuer.close();
  }
}

/** Without a revocation there would be nothing to look for. */
function viewOfRevocations(): RevocationView {
  const view = new RevocationView();
  const expiresAt = Math.floor(Date.now() / 1_000) + 3_600;
  for (let count = 0; count < revocations; count += 1) {
    view.add({ tenant: 'default', kind: 'grant', id: randomUUID(), expiresAt });
  }
  return view;
}

async function measureRound({ verifier, view }: TokenCheck, issuer: TokenIssuer): Promise<TokenCheckResult> {
  const tokens = await Promise.all(Array.from({ length: uncachedPerRound }, () => issuer.issue(audience, ['mcp'])));
  const firstAt = performance.now();
  for (const token of tokens) {
    if (view.isRevoked(await verifier.verify(token, audience))) throw new Error('a good token is revoked');
  }
  const uncachedUs = ((performance.now() - firstAt) / tokens.length) * 1_000;
  const secondAt = performance.now();
  for (let count = 0; count < cachedPerRound; count += 1) {
    const principal = verifier.findVerified(tokens[count % tokens.length] ?? '', audience);
    if (!principal || view.isRevoked(principal)) throw new Error('a token was forgotten');
  }
  return { cachedUs: ((performance.now() - secondAt) / cachedPerRound) * 1_000, uncachedUs };
}
