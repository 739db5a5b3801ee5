import type { DataSource, EntityManager } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import { defaultTenant } from '../config.ts';
import { deleteClient } from './delete-client.ts';

/** When a client that registered itself goes. */
export interface CollectionPolicy {
  /** Hours after its registration, if it never obtained a token. */
  neverUsedHours: number;
  /** Days after it last obtained one. */
  unusedDays: number;
}

/** So many at a time: the next sweep goes on. */
const batchSize = 500;

const columns = 'id, metadata, created_at, last_used_at::text AS last_used_at';

/**
 * Deletes clients that registered themselves and are not used, each in a transaction of its own with its audit row.
 * Pre-registered clients stay, whatever their use.
 * @returns how many went.
 */
export async function collectUnusedClients(dataSource: DataSource, policy: CollectionPolicy): Promise<number> {
  const unused = await dataSource.query<UnusedClient[]>(
    `SELECT ${columns} FROM auth.oauth_client WHERE registration = 'dynamic' AND (
       (last_used_at IS NULL AND created_at < now() - make_interval(hours => $1))
       OR last_used_at < now() - make_interval(days => $2))
     ORDER BY created_at LIMIT ${batchSize}`,
    [policy.neverUsedHours, policy.unusedDays],
  );
  let collected = 0;
  for (const client of unused) {
    const reason = client.last_used_at === null ? 'never_used' : 'unused';
    if (await collectAlone(dataSource, client, reason)) collected++;
  }
  return collected;
}

/**
 * Deletes the oldest client that registered itself longer ago than `seconds` and never obtained a token. Part of the
 * caller's transaction.
 * @returns false when there is none; the caller rolls back.
 */
export async function collectOldestNeverUsed(manager: EntityManager, seconds: number): Promise<boolean> {
  const [oldest] = await manager.query<UnusedClient[]>(
    `SELECT ${columns} FROM auth.oauth_client
     WHERE registration = 'dynamic' AND last_used_at IS NULL
       AND created_at < now() - make_interval(secs => $1::double precision)
     ORDER BY created_at LIMIT 1`,
    [seconds],
  );
  return oldest !== undefined && (await collectClient(manager, oldest, 'quota'));
}

interface UnusedClient {
  id: string;
  metadata: { client_name?: string; redirect_uris?: string[] };
  created_at: Date;
  last_used_at: string | null;
}

/** It may have been used since it was looked for, or another replica may have been faster: then nothing changes. */
async function collectAlone(dataSource: DataSource, client: UnusedClient, reason: string): Promise<boolean> {
  try {
    await dataSource.transaction(async (manager) => {
      if (!(await collectClient(manager, client, reason))) throw new NotUnused();
    });
    return true;
  } catch (error) {
    if (error instanceof NotUnused) return false;
    throw error;
  }
}

class NotUnused extends Error {}

async function collectClient(manager: EntityManager, client: UnusedClient, reason: string): Promise<boolean> {
  const { id, metadata, created_at: registeredAt, last_used_at: lastUsedAt } = client;
  if (!(await deleteClient(manager, id, { reason: 'client_unused', lastUsedAt }))) return false;
  await recordAudit(manager, {
    type: 'client.collected',
    tenantId: defaultTenant,
    outcome: 'success',
    actor: 'system',
    reason,
    oauthClientId: id,
    details: { clientName: metadata.client_name, redirectUris: metadata.redirect_uris, registeredAt, lastUsedAt },
  });
  return true;
}
