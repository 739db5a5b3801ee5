import type { KoaContextWithOIDC } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import { endGrant } from '../revocation/end-grant.ts';
import { AlreadyConsumed } from '../storage/already-consumed.ts';
import { handleInTransaction, withManager } from '../storage/unit-of-work.ts';
import { auditEventsOf } from './audit-request.ts';
import { routes } from './endpoints.ts';
import { requestState } from './request-state.ts';
import type { Step } from './request-state.ts';

/**
 * Handles a request in one transaction with its audit rows. A refused token request leaves nothing behind, so that a
 * code is not burnt by a wrong `resource` and the client's correct retry succeeds; unless it is a replay, which ends
 * the grant and must be kept.
 */
export function keepTogether(dataSource: DataSource): Step {
  return async (ctx, next) => {
    let isUndone = false;
    await handleInTransaction(dataSource, async () => {
      await next();
      await endReplayedGrant(dataSource, ctx);
      isUndone = ctx.status >= 500 || isRefusedWithoutTrace(ctx);
      if (isUndone) return 'rollback';
      await audit(dataSource, ctx);
      if (ctx.path === routes.token && ctx.status === 200) await noteUse(dataSource, ctx.oidc.client?.clientId);
      return 'commit';
    });
    if (isUndone) await audit(dataSource, ctx);
  };
}

function isRefusedWithoutTrace(ctx: KoaContextWithOIDC): boolean {
  return ctx.path === routes.token && ctx.status >= 400 && requestState(ctx).endedGrantId === undefined;
}

async function endReplayedGrant(dataSource: DataSource, ctx: KoaContextWithOIDC): Promise<void> {
  const state = requestState(ctx);
  const { refusal } = state;
  if (!(refusal instanceof AlreadyConsumed)) return;
  const ended = await withManager(dataSource, (manager) => endGrant(manager, refusal.grantId));
  if (ended) state.endedGrantId = refusal.grantId;
}

async function audit(dataSource: DataSource, ctx: KoaContextWithOIDC): Promise<void> {
  const events = auditEventsOf(ctx);
  for (const event of events) await withManager(dataSource, (manager) => recordAudit(manager, event));
}

/** Hourly precision is enough to tell unused clients, and spares their row a write per token. */
async function noteUse(dataSource: DataSource, oauthClientId: string | undefined): Promise<void> {
  await withManager(dataSource, (manager) =>
    manager.query(
      `UPDATE auth.oauth_client SET last_used_at = now()
       WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 hour')`,
      [oauthClientId],
    ),
  );
}
