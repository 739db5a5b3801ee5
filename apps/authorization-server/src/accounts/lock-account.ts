import type { EntityManager } from 'typeorm';

/**
 * Holds an account until the transaction ends. What signs in, grants and ends access of an account takes it before
 * sessions, consents and grants: so an authorization either comes before an ending, which then finds its grant, or after
 * it, and sees what has ended.
 */
export async function lockAccount(manager: EntityManager, sub: string): Promise<void> {
  await manager.query('SELECT 1 FROM auth.account WHERE sub = $1 FOR NO KEY UPDATE', [sub]);
}
