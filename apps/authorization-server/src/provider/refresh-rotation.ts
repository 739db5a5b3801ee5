import { errors } from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import { leadToStepUp } from '../step-up/step-up-mark.ts';
import { openSuccessor } from '../storage/sealed-successor.ts';
import { bearerId } from '../storage/stored-id.ts';
import { withManager } from '../storage/unit-of-work.ts';
import { routes } from './endpoints.ts';
import { refreshTokenIdleSeconds } from './lifetimes.ts';
import { requestState } from './request-state.ts';
import type { Step } from './request-state.ts';

/**
 * Whether the presented refresh token is exchanged for a new one. Public clients rotate (OAuth 2.1 §4.3.1), confidential
 * ones are bound by their authentication. Inside the grace window a token that was exchanged before has a successor
 * already: processes that share one token store, and clients that lost an answer, all get that one.
 * Deviation: OAuth 2.1 §4.3.1 ends the grant at any reuse; here only after the window (docs/decisions/0008).
 * @throws InvalidGrant, once, for a client that has to be led to more scopes.
 */
export function rotateRefreshToken(dataSource: DataSource): (ctx: KoaContextWithOIDC) => Promise<boolean> {
  return async (ctx) => {
    const { Client: oauthClient, RefreshToken: presented } = ctx.oidc.entities;
    if (!oauthClient || !presented) return false;
    const { presentedRefreshToken: found } = requestState(ctx);
    if (found?.isStepUpAsked && (await leadToStepUp(dataSource, found.grantId))) {
      requestState(ctx).isLedToStepUp = true;
      throw new errors.InvalidGrant('the client has to ask for more scopes');
    }
    if (oauthClient.tokenEndpointAuthMethod !== 'none' || isSenderConstrained(presented)) return false;
    const successor = found?.sealedSuccessor && openSuccessor(presented.jti, found.sealedSuccessor);
    if (!successor) return true;
    requestState(ctx).successor = successor;
    return false;
  };
}

/** After a refresh: answers with the successor that was found. A token that is not exchanged begins another idle time. */
export function keepSuccessor(dataSource: DataSource): Step {
  return async (ctx, next) => {
    await next();
    if (ctx.path !== routes.token || ctx.status !== 200) return;
    const { successor, exchangedRefreshToken } = requestState(ctx);
    if (exchangedRefreshToken !== undefined)
      throw new Error('A refresh token was to be exchanged and has no successor.');
    const answer = ctx.body as { refresh_token?: string };
    const { RotatedRefreshToken: rotated, RefreshToken: presented } = ctx.oidc.entities;
    if (successor !== undefined) ctx.body = { ...answer, refresh_token: successor };
    else if (!rotated && presented && ctx.oidc.params?.grant_type === 'refresh_token') {
      await prolong(dataSource, presented.jti);
    }
  };
}

/**
 * Bound to a key of its client (RFC 9449 §5).
 * Deviation: OAuth 2.1 §4.3.1 lets it rotate nonetheless; whoever stole it cannot use it (docs/decisions/0033).
 */
function isSenderConstrained({ jkt }: { jkt?: string | undefined }): boolean {
  return jkt !== undefined;
}

/** At most once an hour: a token that is used every five minutes need not be written every time. */
async function prolong(dataSource: DataSource, presented: string): Promise<void> {
  await withManager(dataSource, (manager) =>
    manager.query(
      `UPDATE auth.refresh_token AS token
       SET expires_at = least(now() + make_interval(secs => $2::double precision), given.expires_at)
       FROM auth.oauth_grant AS given
       WHERE given.id = token.grant_id AND token.id = $1
         AND token.expires_at < least(now() + make_interval(secs => $2::double precision) - interval '1 hour', given.expires_at)`,
      [bearerId(presented), refreshTokenIdleSeconds],
    ),
  );
}
