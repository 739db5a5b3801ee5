import type { EntityManager } from 'typeorm';
import { defaultTenant } from '../config.ts';
import { revoke } from '../revocation/revoke.ts';

/** What hangs on the id of a client; another client may get the id. */
const belongings = [
  `DELETE FROM auth.provider_record WHERE kind = 'RegistrationAccessToken' AND payload->>'clientId' = $1`,
  'DELETE FROM auth.client_secret WHERE oauth_client_id = $1',
  'DELETE FROM auth.consent WHERE oauth_client_id = $1',
  'DELETE FROM auth.client_approval WHERE oauth_client_id = $1',
];

/**
 * Deletes a registered client with all that hangs on its id: its grants with their tokens, secrets, registration access
 * tokens, and what accounts consented to. Part of the caller's transaction. Grants come first: a token request holds what
 * belongs to a grant, then the client.
 * @param options.reason closed word for the audit row of the grants.
 * @param options.lastUsedAt as PostgreSQL writes it: the client stays if it has been used since.
 * @returns false when there is no such client; the caller rolls back.
 */
export async function deleteClient(
  manager: EntityManager,
  oauthClientId: string,
  { reason, lastUsedAt }: { reason: string; lastUsedAt?: string | null },
): Promise<boolean> {
  // Many a client that goes never had one, and the gateways need not hear of it.
  const living = await manager.query<unknown[]>(
    'SELECT FROM auth.oauth_grant WHERE oauth_client_id = $1 AND ended_at IS NULL AND expires_at > now() LIMIT 1',
    [oauthClientId],
  );
  if (living.length > 0) await revoke(manager, { kind: 'client', id: oauthClientId, tenant: defaultTenant, reason });
  for (const statement of belongings) await manager.query(statement, [oauthClientId]);
  const [, deleted] = await manager.query<[unknown[], number]>(
    `DELETE FROM auth.oauth_client
     WHERE id = $1 AND ($2 OR last_used_at IS NOT DISTINCT FROM $3::timestamptz)`,
    [oauthClientId, lastUsedAt === undefined, lastUsedAt ?? null],
  );
  return deleted > 0;
}
