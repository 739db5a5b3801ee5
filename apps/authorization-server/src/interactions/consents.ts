import type { EntityManager } from 'typeorm';
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

function keyOf(access: RequestedAccess) {
  const { tenantId, oauthClientId, resource } = access;
  return { tenantId, oauthClientId, resource, redirectUri: rememberedRedirectUri(access.redirectUri) };
}
