import type { ScopeHierarchy } from '@gatehouse/auth';
import type { StepUpRequest } from '@gatehouse/messaging';
import type { DataSource } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import { withManager } from '../storage/unit-of-work.ts';

/** The client refreshes at once, or has no need to be led. */
const markSeconds = 60;
/** A client that does not ask for more though it was led, or whose person said no, is left alone for a while. */
const restSeconds = 10 * 60;
/** `mcp`, which no server brings, has one meaning for ever. */
const versionOfPlainScope = '1';

/**
 * Marks a grant whose client was challenged for scopes and would only refresh its token: its next refresh is refused, once.
 * Not when that could not help: for scopes that nobody knows, that the grant has already, or of another client's grant.
 * A scope that nobody knows is no obstacle when the client was told of it only because another of them includes it.
 * @returns whether it is marked now.
 */
export async function markForStepUp(
  dataSource: DataSource,
  hierarchy: ScopeHierarchy,
  request: StepUpRequest,
): Promise<boolean> {
  const { tenant, grantId, oauthClientId, scopes } = request;
  const included = scopes.flatMap((scope) => hierarchy.expand([scope]).slice(1));
  return dataSource.transaction(async (manager) => {
    const [marked] = await manager.query<[unknown[], number]>(
      `UPDATE auth.oauth_grant AS given
       SET step_up_until = now() + make_interval(secs => $5::double precision), step_up_asked_at = now()
       WHERE id = $1 AND tenant_id = $2 AND oauth_client_id = $3 AND ended_at IS NULL AND expires_at > now()
         AND (step_up_asked_at IS NULL OR step_up_asked_at < now() - make_interval(secs => $6::double precision))
         AND (SELECT bool_and(asked.scope = 'mcp' OR known.version IS NOT NULL)
                 AND bool_or(given.scope_versions->>asked.scope IS DISTINCT FROM coalesce(known.version, $7))
              FROM unnest($4::text[]) AS asked (scope)
              LEFT JOIN auth.resource_scope AS known ON known.tenant_id = $2 AND known.scope = asked.scope
              WHERE asked.scope = 'mcp' OR known.version IS NOT NULL OR asked.scope <> ALL($8::text[]))
       RETURNING id`,
      [grantId, tenant, oauthClientId, scopes, markSeconds, restSeconds, versionOfPlainScope, included],
    );
    if (marked.length === 0) return false;
    await recordAudit(manager, {
      type: 'grant.step_up_asked',
      tenantId: tenant,
      outcome: 'success',
      actor: 'system',
      oauthClientId,
      details: { gid: grantId, scopes },
    });
    return true;
  });
}

/**
 * Takes the mark off a grant. Part of the refresh that is refused for it, which holds the row of its token: so it waits for
 * nobody, and a grant that is being ended at this moment counts as unmarked.
 * @returns false when another refresh, perhaps at another replica, took it.
 */
export async function leadToStepUp(dataSource: DataSource, grantId: string): Promise<boolean> {
  const [, taken] = await withManager(dataSource, (manager) =>
    manager.query<[unknown[], number]>(
      `UPDATE auth.oauth_grant SET step_up_until = NULL WHERE id IN (
         SELECT id FROM auth.oauth_grant WHERE id = $1 AND step_up_until > clock_timestamp() FOR UPDATE SKIP LOCKED
       )`,
      [grantId],
    ),
  );
  return taken === 1;
}
