import type { EntityManager } from 'typeorm';
import { lockAccount } from '../accounts/lock-account.ts';
import { withdrawConsents } from '../interactions/consents.ts';
import { revokeGrants } from '../revocation/revoke.ts';

/** An application that may act for an account, over all its grants. */
export interface ConnectedClient {
  oauthClientId: string;
  name: string | undefined;
  /** Resource URI to scopes; identity alone is under the empty one. */
  scopes: Record<string, string[]>;
  connectedAt: Date;
  lastUsedAt: Date | undefined;
}

/** Whose they are. */
interface Owner {
  tenantId: string;
  sub: string;
}

/** Clients register themselves, so an account may have any number of them. */
export const mostListed = 100;

interface Row {
  oauth_client_id: string;
  name: string | null;
  payloads: { openid?: { scope?: string }; resources?: Record<string, string> }[];
  connected_at: Date;
  last_used_at: Date | null;
}

/** The applications that are connected to an account, those used last first, one more than are shown. */
export async function listConnectedClients(manager: EntityManager, owner: Owner): Promise<ConnectedClient[]> {
  const rows = await manager.query<Row[]>(
    `SELECT given.oauth_client_id, coalesce(client.metadata->>'client_name', document.metadata->>'client_name') AS name,
            jsonb_agg(given.payload) AS payloads, min(given.created_at) AS connected_at,
            max(given.last_used_at) AS last_used_at
     FROM auth.oauth_grant AS given
     LEFT JOIN auth.oauth_client AS client ON client.id = given.oauth_client_id
     LEFT JOIN auth.client_document AS document ON document.url = given.oauth_client_id
     WHERE given.tenant_id = $1 AND given.account_id = $2 AND given.ended_at IS NULL AND given.expires_at > now()
     GROUP BY given.oauth_client_id, client.metadata, document.metadata
     ORDER BY coalesce(max(given.last_used_at), min(given.created_at)) DESC, given.oauth_client_id
     LIMIT ${mostListed + 1}`,
    [owner.tenantId, owner.sub],
  );
  return rows.map((row) => ({
    oauthClientId: row.oauth_client_id,
    name: row.name ?? undefined,
    scopes: mergeScopes(row.payloads),
    connectedAt: row.connected_at,
    lastUsedAt: row.last_used_at ?? undefined,
  }));
}

/** Ends every grant that the account gave the client, and its consent: another connection is asked about again. */
export async function disconnectClient(manager: EntityManager, owner: Owner, oauthClientId: string): Promise<void> {
  const { tenantId, sub } = owner;
  await lockAccount(manager, sub);
  const grants = await manager.query<{ id: string }[]>(
    `SELECT id FROM auth.oauth_grant
     WHERE tenant_id = $1 AND account_id = $2 AND oauth_client_id = $3 AND ended_at IS NULL ORDER BY id`,
    [tenantId, sub, oauthClientId],
  );
  const by = { actor: sub, oauthClientId };
  await revokeGrants(manager, { ids: grants.map(({ id }) => id), tenant: tenantId, reason: 'revoked_by_user', by });
  await withdrawConsents(manager, { tenantId, sub, oauthClientId }, { actor: sub });
}

function mergeScopes(payloads: Row['payloads']): Record<string, string[]> {
  const merged = new Map<string, Set<string>>();
  for (const { openid, resources = {} } of payloads) {
    for (const [resource, scope] of [['', openid?.scope ?? ''] as const, ...Object.entries(resources)]) {
      const scopes = merged.get(resource) ?? new Set();
      for (const name of scope.split(' ').filter(Boolean)) scopes.add(name);
      if (scopes.size > 0) merged.set(resource, scopes);
    }
  }
  return Object.fromEntries([...merged].map(([resource, scopes]) => [resource, [...scopes]]));
}
