import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';

/** What a sign-in attempt is counted under. */
export interface ThrottleKey {
  tenantId: string;
  kind: 'account' | 'address' | 'code';
  /** The thing that is counted, before hashing. */
  value: string;
}

/** A bucket holds `capacity` attempts and leaks one every `leakSeconds`. */
interface Limit {
  capacity: number;
  leakSeconds: number;
}

/**
 * An account takes ten wrong passwords, then one a minute: it opens again by itself, whoever closed it. An address takes
 * more, because many people may share it. Codes are short and who tries them knows the password: after ten, one in ten
 * minutes makes a guess succeed once in six years.
 */
const limits: Record<ThrottleKey['kind'], Limit> = {
  account: { capacity: 10, leakSeconds: 60 },
  address: { capacity: 30, leakSeconds: 10 },
  code: { capacity: 10, leakSeconds: 600 },
};

/** What has leaked out of a bucket by now, in SQL; `$4` is the leak time in seconds. */
const presentLevel =
  'greatest(0, bucket.level - greatest(0, extract(epoch from clock_timestamp() - bucket.updated_at)::float8) / $4)';

/**
 * Counts one attempt before its password is looked at, so that parallel guesses cannot slip past the limit together.
 * @returns undefined when the attempt may go on, otherwise the seconds to wait. Run it in a transaction and roll back
 * when it refuses: a refused attempt guesses nothing and must not keep the bucket full.
 */
export async function countAttempt(manager: EntityManager, key: ThrottleKey): Promise<number | undefined> {
  const { capacity, leakSeconds } = limits[key.kind];
  const parameters = [key.tenantId, key.kind, digest(key), leakSeconds];
  const counted: unknown[] = await manager.query(
    `INSERT INTO auth.login_throttle AS bucket (tenant_id, kind, key, level, updated_at)
     VALUES ($1, $2, $3, 1, clock_timestamp())
     ON CONFLICT (tenant_id, kind, key) DO UPDATE SET level = ${presentLevel} + 1, updated_at = clock_timestamp()
     WHERE ${presentLevel} + 1 <= $5
     RETURNING level`,
    [...parameters, capacity],
  );
  if (counted.length > 0) return undefined;
  const [bucket] = await manager.query<{ level: number }[]>(
    `SELECT ${presentLevel} AS level FROM auth.login_throttle AS bucket
     WHERE tenant_id = $1 AND kind = $2 AND key = $3`,
    parameters,
  );
  return Math.max(1, Math.ceil(((bucket?.level ?? capacity) + 1 - capacity) * leakSeconds));
}

/** Takes back one counted attempt that turned out to be right. */
export async function uncountAttempt(manager: EntityManager, key: ThrottleKey): Promise<void> {
  await manager.query(
    `UPDATE auth.login_throttle SET level = greatest(0, level - 1) WHERE tenant_id = $1 AND kind = $2 AND key = $3`,
    [key.tenantId, key.kind, digest(key)],
  );
}

/** Forgets all attempts counted under a key. */
export async function forgetAttempts(manager: EntityManager, key: ThrottleKey): Promise<void> {
  await manager.query(`DELETE FROM auth.login_throttle WHERE tenant_id = $1 AND kind = $2 AND key = $3`, [
    key.tenantId,
    key.kind,
    digest(key),
  ]);
}

/** True once a minute for each key: a flood of refusals must not become a flood of audit rows. */
export async function claimRefusalAudit(manager: EntityManager, key: ThrottleKey): Promise<boolean> {
  const [, affected]: [unknown, number] = await manager.query(
    `UPDATE auth.login_throttle SET refusal_audited_at = clock_timestamp()
     WHERE tenant_id = $1 AND kind = $2 AND key = $3
       AND (refusal_audited_at IS NULL OR refusal_audited_at < clock_timestamp() - interval '1 minute')`,
    [key.tenantId, key.kind, digest(key)],
  );
  return affected > 0;
}

function digest(key: ThrottleKey): string {
  return createHash('sha256').update(key.value).digest('base64url');
}
