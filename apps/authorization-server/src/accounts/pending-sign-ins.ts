import type { EntityManager } from 'typeorm';
import type { Account } from './account.entity.ts';

/** As long as a person may take for a page. */
const lifetimeMinutes = 10;

/** Where a code is awaited. */
export interface SignInPlace {
  tenantId: string;
  /** The page: the uid of an interaction, or the name of the account page. */
  page: string;
  /** SHA-256 of the browser cookie. */
  browserDigest: string;
}

/** Remembers that the password of this account was right here. */
export async function awaitCode(manager: EntityManager, place: SignInPlace, account: Account): Promise<void> {
  await manager.query(
    `INSERT INTO auth.pending_sign_in (tenant_id, page, browser_digest, sub, expires_at)
     VALUES ($1, $2, $3, $4, clock_timestamp() + make_interval(mins => $5))
     ON CONFLICT (tenant_id, page, browser_digest) DO UPDATE
     SET sub = excluded.sub, expires_at = excluded.expires_at`,
    [...keyOf(place), account.sub, lifetimeMinutes],
  );
}

/** The account whose code is awaited here. */
export async function findAwaited(manager: EntityManager, place: SignInPlace): Promise<string | undefined> {
  const [found] = await manager.query<{ sub: string }[]>(
    `SELECT sub FROM auth.pending_sign_in
     WHERE tenant_id = $1 AND page = $2 AND browser_digest = $3 AND expires_at > clock_timestamp()`,
    keyOf(place),
  );
  return found?.sub;
}

/** Ends the waiting. False when it had ended already. */
export async function endAwaiting(manager: EntityManager, place: SignInPlace): Promise<boolean> {
  const [, deleted]: [unknown, number] = await manager.query(
    'DELETE FROM auth.pending_sign_in WHERE tenant_id = $1 AND page = $2 AND browser_digest = $3',
    keyOf(place),
  );
  return deleted === 1;
}

function keyOf({ tenantId, page, browserDigest }: SignInPlace): string[] {
  return [tenantId, page, browserDigest];
}
