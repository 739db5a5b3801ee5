import type { TokenRevocation } from '@gatehouse/protocol';
import type { DataSource, EntityManager } from 'typeorm';

const batchSize = 256;

type OutboxRow = { row: string; issuedBefore: number | null } & Omit<TokenRevocation, 'issuedBefore'>;

const columns = `id AS row, tenant_id AS tenant, kind, key AS id, extract(epoch FROM expires_at)::float8 AS "expiresAt",
  extract(epoch FROM issued_before)::float8 AS "issuedBefore"`;

/** Every revocation that still hits a token, published or not. */
export async function readLiveRevocations(manager: EntityManager): Promise<TokenRevocation[]> {
  const rows = await manager.query<OutboxRow[]>(
    `SELECT ${columns} FROM auth.outbox WHERE expires_at > now() ORDER BY auth.outbox.id`,
  );
  return rows.map(revocationOf);
}

/**
 * Hands the oldest unpublished revocations to `publish` and marks them. Replicas take different rows, and a row whose
 * publisher dies is taken by another: each is published at least once.
 * @returns true when there are more.
 */
export async function publishUnpublished(
  dataSource: DataSource,
  publish: (revocations: TokenRevocation[]) => Promise<void>,
): Promise<boolean> {
  const unpublished = 'published_at IS NULL AND expires_at > now()';
  // Asked four times a second: a transaction only where there is something to do.
  const found = await dataSource.query<unknown[]>(`SELECT 1 FROM auth.outbox WHERE ${unpublished} LIMIT 1`);
  if (found.length === 0) return false;
  return dataSource.transaction(async (manager) => {
    const rows = await manager.query<OutboxRow[]>(
      `SELECT ${columns} FROM auth.outbox WHERE ${unpublished}
       ORDER BY auth.outbox.id LIMIT ${batchSize} FOR UPDATE SKIP LOCKED`,
    );
    if (rows.length === 0) return false;
    await publish(rows.map(revocationOf));
    await manager.query('UPDATE auth.outbox SET published_at = now() WHERE id = ANY($1::bigint[])', [
      rows.map(({ row }) => row),
    ]);
    return rows.length === batchSize;
  });
}

function revocationOf({ tenant, kind, id, expiresAt, issuedBefore }: OutboxRow): TokenRevocation {
  return { tenant, kind, id, expiresAt, ...(issuedBefore === null ? {} : { issuedBefore }) };
}
