import type { ParsedUrlQuery } from 'node:querystring';
import type { JWTPayload } from 'jose';
import type { AdapterPayload, KoaContextWithOIDC, errors } from 'oidc-provider';
import type { PartialScopes } from './partial-scopes.ts';

/** An access token of ours that a request presents to have it introspected or revoked. */
export interface PresentedAccessToken {
  /** Under which the provider looks for it. */
  id: string;
  claims: JWTPayload;
}

/** The row of a refresh token that a request presents, with what hangs on it: read by one statement, for there are many. */
export interface PresentedRefreshToken {
  /** Under which it is stored. */
  id: string;
  grantId: string;
  /** Undefined when it has ended. */
  grant: AdapterPayload | undefined;
  sub: string | undefined;
  /** Undefined when it is gone or disabled. */
  account: { tenantId: string; roles: string[] } | undefined;
  sealedSuccessor: Buffer | null;
  isStepUpAsked: boolean;
}

/** What the steps of one request tell each other. */
interface RequestState {
  /** A parsed form body; what stands here at the end is what the provider reads. */
  form?: ParsedUrlQuery;
  /** A parsed JSON body, likewise. */
  json?: unknown;
  /** Why the provider refused. */
  refusal?: errors.OIDCProviderError;
  presentedRefreshToken?: PresentedRefreshToken;
  /** The presented refresh token, from when it is to be exchanged until its successor is stored. */
  exchangedRefreshToken?: string;
  /** The successor that the presented refresh token already has. */
  successor?: string;
  /** Granted scopes that are left out because they opened other tools when they were consented to. */
  withheldScopes?: string[];
  /** What the withheld scopes still open, for the token. */
  partialScopes?: PartialScopes;
  /** True when a refresh is refused so that the client asks for more scopes; that it was is kept. */
  isLedToStepUp?: boolean;
  accessToken?: PresentedAccessToken;
}

/** Passes a request on; Koa's middleware with the provider's context. */
export type Step = (ctx: KoaContextWithOIDC, next: () => Promise<void>) => Promise<void>;

const states = new WeakMap<object, RequestState>();

/** The state of a request. */
export function requestState(ctx: { res: object }): RequestState {
  // A step may put another request in the place of `ctx.req`.
  let state = states.get(ctx.res);
  if (!state) {
    state = {};
    states.set(ctx.res, state);
  }
  return state;
}
