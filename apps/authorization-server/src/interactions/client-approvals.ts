import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { ClientApproval } from './client-approval.entity.ts';
import type { RequestedAccess } from './requested-access.ts';

/** MCP 2026-07-28 Security Best Practices §OAuth State Parameter Validation: single use, at most ten minutes. */
const lifetimeMinutes = 10;

/** What an approval holds for, and the account whose name stood on the page. */
export type ApprovedAccess = Pick<ClientApproval, 'id' | 'sub' | 'scopes'>;

/** Who approved: a browser, and the account whose name stood on the page, if any. */
interface Approver {
  browserDigest: string;
  sub: string | undefined;
}

/** Remembers an approval until the login that follows. */
export async function recordApproval(
  manager: EntityManager,
  access: RequestedAccess,
  approver: Approver,
): Promise<string> {
  const id = randomUUID();
  await manager.query(
    `INSERT INTO auth.client_approval
       (id, tenant_id, browser_digest, oauth_client_id, redirect_uri, resource, scopes, sub, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp() + make_interval(mins => $9))`,
    [
      id,
      access.tenantId,
      approver.browserDigest,
      access.oauthClientId,
      access.redirectUri,
      access.resource,
      JSON.stringify(access.scopes),
      approver.sub ?? null,
      lifetimeMinutes,
    ],
  );
  return id;
}

/**
 * The unspent approval with this id, if it was given in this browser for this client, redirect URI and resource.
 * Scopes and account are for the caller to compare: a person may be asked again about those.
 */
export async function findApproval(
  manager: EntityManager,
  id: string,
  access: RequestedAccess,
  browserDigest: string,
): Promise<ApprovedAccess | undefined> {
  const [found] = await manager.query<ApprovedAccess[]>(
    `SELECT id, sub, scopes FROM auth.client_approval
     WHERE id = $1 AND tenant_id = $2 AND browser_digest = $3 AND oauth_client_id = $4 AND redirect_uri = $5
       AND resource = $6 AND spent_at IS NULL AND expires_at > clock_timestamp()`,
    [id, access.tenantId, browserDigest, access.oauthClientId, access.redirectUri, access.resource],
  );
  return found;
}

/** Spends an approval. False when another request, perhaps at another replica, was faster. */
export async function spendApproval(manager: EntityManager, id: string): Promise<boolean> {
  const [, affected]: [unknown, number] = await manager.query(
    'UPDATE auth.client_approval SET spent_at = clock_timestamp() WHERE id = $1 AND spent_at IS NULL',
    [id],
  );
  return affected === 1;
}
