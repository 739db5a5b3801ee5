import { ScopeHierarchy } from '@gatehouse/auth';
import { Inject, Injectable } from '@nestjs/common';
import { errors } from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { lockAccount } from '../accounts/lock-account.ts';
import { recordAudit } from '../audit/audit-log.ts';
import { SETTINGS } from '../config.ts';
import type { Settings } from '../config.ts';
import { isSessionGone } from '../sessions/browser-sessions.ts';
import { inTransaction, withManager } from '../storage/unit-of-work.ts';
import { browserCookie, browserDigest, readBrowserId } from './browser-cookie.ts';
import type { BrowserCookie } from './browser-cookie.ts';
import { findApproval, spendApproval } from './client-approvals.ts';
import type { ApprovedAccess } from './client-approvals.ts';
import { giveConsent, isConsented } from './consents.ts';
import { limitGrants } from './limit-grants.ts';
import { describeRedirect } from './redirect-target.ts';
import { coversScopes, requestedAccess, resourceScopes } from './requested-access.ts';
import type { RequestedAccess } from './requested-access.ts';

/** The key of an approval in an interaction's result. */
export const approvalResult = 'client-approval';

/** Decides whether an authorization request may go on without asking the person, and grants what was approved. */
@Injectable()
export class Admission {
  readonly #dataSource: DataSource;
  readonly #cookie: BrowserCookie;
  readonly #hierarchy: ScopeHierarchy;

  constructor(dataSource: DataSource, @Inject(SETTINGS) settings: Settings) {
    this.#dataSource = dataSource;
    this.#cookie = browserCookie(settings.AUTH_ISSUER);
    this.#hierarchy = new ScopeHierarchy(settings.GATEWAY_SCOPE_HIERARCHY);
  }

  /** What is asked for, for the page that asks the person. */
  async describe(ctx: KoaContextWithOIDC): Promise<{ access: RequestedAccess; approvedBefore: boolean }> {
    return await withManager(this.#dataSource, async (manager) => {
      const access = await requestedAccess(ctx, manager, this.#hierarchy);
      const sub = ctx.oidc.account?.accountId;
      return { access, approvedBefore: sub !== undefined && (await isConsented(manager, access, sub)) };
    });
  }

  /** True when this client was approved in this browser just now, or its consent is on record and can be trusted. */
  async isClientApproved(ctx: KoaContextWithOIDC): Promise<boolean> {
    return await withManager(this.#dataSource, async (manager) => {
      const access = await requestedAccess(ctx, manager, this.#hierarchy);
      if (await this.#findApproval(ctx, manager, access)) return true;
      return await mayReuseConsent(ctx, manager, access);
    });
  }

  /**
   * The last step before an authorization is answered: spends the approval, keeps the consent and saves the grant, all
   * in one transaction. False when the person has to look again.
   * @throws LoginRequired when the session was ended while this request was under way.
   */
  async admit(ctx: KoaContextWithOIDC): Promise<boolean> {
    const sub = ctx.oidc.account?.accountId;
    if (sub === undefined) return false;
    return await inTransaction(this.#dataSource, async (manager) => {
      await lockAccount(manager, sub);
      await checkSession(ctx, manager);
      const access = await requestedAccess(ctx, manager, this.#hierarchy);
      const approval = await this.#findApproval(ctx, manager, access);
      if (approval) {
        if (!isWhatWasApproved(approval, access, sub)) return false;
        if (!(await spendApproval(manager, approval.id))) return false;
        await giveConsent(manager, access, sub);
      } else if (!(await mayReuseConsent(ctx, manager, access))) {
        return false;
      }
      const grantId = await saveGrant(ctx, manager, access);
      await limitGrants(manager, { ...access, sub }, grantId);
      await recordAudit(manager, {
        type: approval ? 'consent.given' : 'consent.reused',
        tenantId: access.tenantId,
        outcome: 'success',
        actor: sub,
        oauthClientId: access.oauthClientId,
        details: { grantId, redirectUri: access.redirectUri, resource: access.resource, scopes: access.scopes },
      });
      return true;
    });
  }

  async #findApproval(
    ctx: KoaContextWithOIDC,
    manager: EntityManager,
    access: RequestedAccess,
  ): Promise<ApprovedAccess | undefined> {
    const result = ctx.oidc.result?.[approvalResult] as { approvalId: string } | undefined;
    const browserId = readBrowserId(this.#cookie, ctx.get('cookie'));
    if (!result || browserId === undefined) return undefined;
    return await findApproval(manager, result.approvalId, access, browserDigest(browserId));
  }
}

/** A login that has just been made may have no row of its session yet; its interaction was living until now. */
async function checkSession(ctx: KoaContextWithOIDC, manager: EntityManager): Promise<void> {
  const { session, result } = ctx.oidc;
  if (!session || result?.login || !(await isSessionGone(manager, session.uid))) return;
  throw new errors.LoginRequired('the session was ended');
}

/**
 * A stored consent spares the page only when the answer reaches the client that was approved. What listens on a loopback
 * port or claims a scheme may be any program (RFC 8252 §8.6: no processing without the user's interaction), unless the
 * client can prove itself at the token endpoint.
 */
async function mayReuseConsent(
  ctx: KoaContextWithOIDC,
  manager: EntityManager,
  access: RequestedAccess,
): Promise<boolean> {
  const sub = ctx.oidc.account?.accountId;
  if (sub === undefined || ctx.oidc.prompts.has('consent')) return false;
  const isPublic = ctx.oidc.client?.tokenEndpointAuthMethod === 'none';
  if (isPublic && describeRedirect(access.redirectUri).impersonable) return false;
  return await isConsented(manager, access, sub);
}

function isWhatWasApproved(approval: ApprovedAccess, access: RequestedAccess, sub: string): boolean {
  return (approval.sub === null || approval.sub === sub) && coversScopes(approval.scopes, access.scopes);
}

/** Fills the new grant of this authorization with exactly what was asked for and approved. */
async function saveGrant(ctx: KoaContextWithOIDC, manager: EntityManager, access: RequestedAccess): Promise<string> {
  const { oidc } = ctx;
  const { grant, session, client } = oidc;
  const { resource } = access;
  if (!grant || !session || !client) throw new Error('an authorization request has no grant, session or client');
  if (oidc.requestParamOIDCScopes.size > 0) grant.addOIDCScope([...oidc.requestParamOIDCScopes].join(' '));
  const scopes = resourceScopes(ctx, resource === '' ? undefined : resource);
  if (scopes.length > 0) grant.addResourceScope(resource, scopes.join(' '));
  const grantId = await grant.save();
  await manager.query('UPDATE auth.oauth_grant SET scope_versions = $2 WHERE id = $1', [
    grantId,
    JSON.stringify(access.scopes),
  ]);
  session.ensureClientContainer(client.clientId);
  session.grantIdFor(client.clientId, grantId);
  return grantId;
}
