import type { EntityManager } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import type { AuditEvent } from '../audit/audit-log.ts';
import type { Consent } from './consent.entity.ts';
import { rememberedRedirectUri } from './redirect-target.ts';
import { coversScopes } from './requested-access.ts';
import type { RequestedAccess } from './requested-access.ts';

/** True when the account has consented to all of this for this client, redirect URI and resource. */
export async function isConsented(manager: EntityManager, access: RequestedAccess, sub: string): Promise<boolean> {
  const { tenantId, oauthClientId, redirectUri, resource } = keyOf(access);
  const [consent] = await manager.query<Pick<Consent, 'scopes'>[]>(
    `SELECT scopes FROM auth.consent
     WHERE tenant_id = $1 AND sub = $2 AND oauth_client_id = $3 AND redirect_uri = $4 AND resource = $5`,
    [tenantId, sub, oauthClientId, redirectUri, resource],
  );
  return consent !== undefined && coversScopes(consent.scopes, access.scopes);
}

/** Adds to what the account has consented to; a step-up does not take back what was given before. */
export async function giveConsent(manager: EntityManager, access: RequestedAccess, sub: string): Promise<void> {
  const key = keyOf(access);
  await manager.query(
    `INSERT INTO auth.consent AS consent (tenant_id, sub, oauth_client_id, redirect_uri, resource, scopes)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (tenant_id, sub, oauth_client_id, redirect_uri, resource)
     DO UPDATE SET scopes = consent.scopes || excluded.scopes, given_at = clock_timestamp()`,
    [key.tenantId, sub, key.oauthClientId, key.redirectUri, key.resource, JSON.stringify(access.scopes)],
  );
}

/** Whose consents: of an account, to a client, or both. */
type Consenting = { tenantId: string } & (
  | { sub: string; oauthClientId?: string }
  | { sub?: undefined; oauthClientId: string }
);

/**
 * Takes consents back: the person is asked again before the client gets another grant. Part of the caller's transaction,
 * which holds the accounts (`lockAccount`), so that no authorization under way still goes by them.
 */
export async function withdrawConsents(
  manager: EntityManager,
  { tenantId, sub, oauthClientId }: Consenting,
  by: Pick<AuditEvent, 'actor' | 'onBehalfOf' | 'reason'>,
): Promise<void> {
  const [, withdrawn]: [unknown, number] = await manager.query(
    `DELETE FROM auth.consent
     WHERE tenant_id = $1 AND ($2::text IS NULL OR sub = $2) AND ($3::text IS NULL OR oauth_client_id = $3)`,
    [tenantId, sub ?? null, oauthClientId ?? null],
  );
  if (withdrawn === 0) return;
  const whose = oauthClientId === undefined ? {} : { oauthClientId };
  await recordAudit(manager, { ...whose, ...by, type: 'consent.withdrawn', tenantId, outcome: 'success' });
}

function keyOf(access: RequestedAccess) {
  const { tenantId, oauthClientId, resource } = access;
  return { tenantId, oauthClientId, resource, redirectUri: rememberedRedirectUri(access.redirectUri) };
}
