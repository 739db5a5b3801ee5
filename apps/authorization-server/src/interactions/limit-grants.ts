import type { EntityManager } from 'typeorm';
import { revokeGrants } from '../revocation/revoke.ts';

/** Each process of a client on each machine has a grant of its own. */
const mostLivingGrants = 100;

/**
 * Makes room for a new grant: a signed-in browser can be led through any number of authorizations that nobody sees. Those
 * whose code was never redeemed end first, the oldest of them before all, then those not used for the longest time: a flood
 * displaces itself. Part of the caller's transaction, which holds the account.
 */
export async function limitGrants(
  manager: EntityManager,
  { tenantId, sub, oauthClientId }: { tenantId: string; sub: string; oauthClientId: string },
  newGrantId: string,
): Promise<void> {
  const surplus = await manager.query<{ id: string }[]>(
    `SELECT id FROM auth.oauth_grant
     WHERE tenant_id = $1 AND account_id = $2 AND oauth_client_id = $3 AND ended_at IS NULL AND expires_at > now()
       AND id <> $4
     ORDER BY last_used_at DESC NULLS LAST, created_at DESC OFFSET ${mostLivingGrants - 1}`,
    [tenantId, sub, oauthClientId, newGrantId],
  );
  if (surplus.length === 0) return;
  const ids = surplus.map(({ id }) => id);
  const by = { actor: 'system', onBehalfOf: sub, oauthClientId };
  await revokeGrants(manager, { ids, tenant: tenantId, reason: 'too_many_grants', by });
}
