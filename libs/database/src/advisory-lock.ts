import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';

/** The 64-bit key of a named PostgreSQL advisory lock; names are meant to be unique in a database. */
export function advisoryLockKey(name: string): string {
  return createHash('sha256').update(name).digest().readBigInt64BE().toString();
}

/**
 * Waits for the advisory lock `name` and holds it until the transaction of `manager` ends, so that of two replicas
 * that start together one acts and the other sees what was done. It waits up to 30 s, beyond the statement timeout.
 */
export async function lockForTransaction(manager: EntityManager, name: string): Promise<void> {
  await manager.query(`SELECT set_config('statement_timeout', '30s', true)`);
  await manager.query('SELECT pg_advisory_xact_lock($1::bigint)', [advisoryLockKey(name)]);
}
