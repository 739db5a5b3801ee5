import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';

/** The 64-bit key of a named PostgreSQL advisory lock; names are meant to be unique in a database. */
export function advisoryLockKey(name: string): string {
  return createHash('sha256').update(name).digest().readBigInt64BE().toString();
}

const lockWaitMs = 30_000;
const lockPollMs = 50;

/**
 * Waits for the advisory lock `name` and holds it until the transaction of `manager` ends, so that of two replicas
 * that start together one acts and the other sees what was done. It asks again and again, because one statement that
 * waits would run into the time limit of statements.
 * @throws Error when somebody else has held the lock for 30 s.
 */
export async function lockForTransaction(manager: EntityManager, name: string): Promise<void> {
  const giveUpAt = performance.now() + lockWaitMs;
  while (!(await tryLock(manager, name))) {
    if (performance.now() > giveUpAt) throw new Error(`the lock "${name}" was not free within ${lockWaitMs} ms`);
    await setTimeout(lockPollMs);
  }
}

async function tryLock(manager: EntityManager, name: string): Promise<boolean> {
  const [row] = await manager.query<{ locked: boolean }[]>('SELECT pg_try_advisory_xact_lock($1::bigint) AS locked', [
    advisoryLockKey(name),
  ]);
  return row?.locked === true;
}
