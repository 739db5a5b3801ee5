import type { KoaContextWithOIDC } from 'oidc-provider';
import type { DataSource, EntityManager } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import type { AuditEvent } from '../audit/audit-log.ts';
import type { BoundedAudit } from '../audit/bounded-audit.ts';
import { defaultTenant } from '../config.ts';
import { revoke } from '../revocation/revoke.ts';
import { handleInTransaction, withManager } from '../storage/unit-of-work.ts';
import { auditEventsOf, whoAsked } from './audit-request.ts';
import { routes } from './endpoints.ts';
import { requestState } from './request-state.ts';
import type { Step } from './request-state.ts';
import { UseNotes } from './use-notes.ts';

/** Where a refusal leaves nothing behind. */
const allOrNothing = new Set<string>([routes.token, routes.registration]);

/**
 * Handles a request in one transaction with its audit rows. A refused token request or registration leaves nothing behind,
 * so that a code is not burnt by a wrong `resource`, nor an initial access token by a wrong redirect URI, and the client's
 * correct retry succeeds; unless it was a replay: then the grant ends, in a transaction that follows.
 */
export function keepTogether(dataSource: DataSource, audit: BoundedAudit): Step {
  const notes = new UseNotes();
  return async (ctx, next) => {
    let isKept = false;
    let endings: string[] = [];
    await handleInTransaction(dataSource, async (grantsToEnd) => {
      await next();
      endings = [...grantsToEnd];
      isKept = endings.length === 0 && ctx.status < 500 && !leavesNothing(ctx);
      if (!isKept) return 'rollback';
      await withManager(dataSource, (manager) => write(manager, audit, auditEventsOf(ctx)));
      if (ctx.path === routes.token) await noteUse(dataSource, notes, ctx);
      return 'commit';
    });
    if (isKept) return;
    await dataSource.transaction(async (manager) => {
      const reason = ctx.path === routes.revocation ? 'revoked_by_client' : 'replayed';
      const by = whoAsked(ctx);
      for (const id of endings) await revoke(manager, { kind: 'grant', id, tenant: defaultTenant, reason, by });
      await write(manager, audit, auditEventsOf(ctx));
    });
  };
}

/** A client that is led to more scopes is led once, though its refresh is refused. */
function leavesNothing(ctx: KoaContextWithOIDC): boolean {
  return ctx.status >= 400 && allOrNothing.has(ctx.path) && requestState(ctx).isLedToStepUp !== true;
}

/** A refusal changed nothing and anybody can cause it; all else is written whatever its number. */
async function write(manager: EntityManager, audit: BoundedAudit, events: AuditEvent[]): Promise<void> {
  for (const event of events) {
    const admitted = event.outcome === 'failure' ? audit.admit(event) : event;
    if (admitted) await recordAudit(manager, admitted);
  }
}

/**
 * Hourly precision is enough to tell unused clients, and spares their row a write per token; people see the use of a grant
 * to the minute. This request holds a refresh token, and must not wait for the grant (see `endGrantAfterwards`).
 */
async function noteUse(dataSource: DataSource, notes: UseNotes, { oidc }: KoaContextWithOIDC): Promise<void> {
  const [oauthClientId, grantId] = [oidc.client?.clientId, oidc.entities.AccessToken?.grantId];
  if (!notes.isDue(`${oauthClientId} ${grantId}`)) return;
  await withManager(dataSource, (manager) =>
    manager.query(
      `WITH described AS (
         UPDATE auth.client_document SET used_at = now()
         WHERE url = $1 AND (used_at IS NULL OR used_at < now() - interval '1 hour')
       ), given AS (
         UPDATE auth.oauth_grant SET last_used_at = now() WHERE id IN (
           SELECT id FROM auth.oauth_grant
           WHERE id = $2 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
           FOR NO KEY UPDATE SKIP LOCKED
         )
       )
       UPDATE auth.oauth_client SET last_used_at = now()
       WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 hour')`,
      [oauthClientId, grantId],
    ),
  );
}
