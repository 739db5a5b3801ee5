import { modernVersion } from '@gatehouse/protocol';
import { Injectable } from '@nestjs/common';
import type { McpRequest } from '../endpoint/mcp-request.ts';
import type { HttpRefusal } from '../http-refusal.ts';
import { PublicUrls } from '../public-urls.ts';
import { insufficientScope, scopesThatFit } from './challenge.ts';
import { StepUpRequests } from './step-up-requests.ts';

// RFC 6749 §3.3: what an issuer writes otherwise cannot stand in a header.
const scopeToken = /^[\x21\x23-\x5B\x5D-\x7E]+$/;

/** Challenges requests whose token lacks scopes, in words that their client can act on. */
@Injectable()
export class ScopeChallenges {
  readonly #urls: PublicUrls;
  readonly #stepUps: StepUpRequests;

  constructor(urls: PublicUrls, stepUps: StepUpRequests) {
    this.#urls = urls;
    this.#stepUps = stepUps;
  }

  /**
   * The refusal of a request that needs these scopes. A client of 2026-07-28 adds them to those that it has and asks for
   * both. One of before asks for what the challenge names and nothing else, so that its present scopes are named too
   * (2025-11-25 Authorization §Scope Challenge Handling, the recommended approach); and while it holds a refresh token it
   * does not ask at all, unless the authorization server refuses its next refresh. What is needed comes before what is
   * held when a challenge has no room for both.
   */
  async refusalOf(
    { principal, endpoint, version }: Pick<McpRequest, 'principal' | 'endpoint' | 'version'>,
    scopes: readonly string[],
  ): Promise<HttpRefusal> {
    const metadataUrl = this.#urls.metadataUrlOf(endpoint);
    if (version === modernVersion) return insufficientScope(scopes, metadataUrl);
    // Those that it has in part too: the client would lose them with the new token.
    const known = [...principal.scopes, ...Object.keys(principal.partialScopes ?? {})];
    const held = known.filter((scope) => scopeToken.test(scope));
    const fitting = new Set(scopesThatFit([...new Set([...scopes, ...held])]));
    const named = [...new Set([...held, ...scopes])].filter((scope) => fitting.has(scope));
    await this.#stepUps.ask(principal, named);
    return insufficientScope(named, metadataUrl);
  }
}
