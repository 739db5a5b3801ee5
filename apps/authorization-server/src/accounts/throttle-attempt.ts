import type { DataSource } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import type { AuditEvent } from '../audit/audit-log.ts';
import { claimRefusalAudit, countAttempt } from './login-throttle.ts';
import type { ThrottleKey } from './login-throttle.ts';

/** Carries a refusal out of the transaction that it must undo. */
class AttemptRefused extends Error {
  readonly key: ThrottleKey;
  readonly retryAfterSeconds: number;

  constructor(key: ThrottleKey, retryAfterSeconds: number) {
    super('sign-in attempt refused');
    this.key = key;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/**
 * Counts an attempt under every key in one transaction, undone when any limit refuses it.
 * @param refusalOf the audit row of a refusal.
 * @returns the seconds to wait when it was refused.
 */
export async function throttleAttempt(
  dataSource: DataSource,
  keys: ThrottleKey[],
  refusalOf: (kind: ThrottleKey['kind']) => AuditEvent,
): Promise<number | undefined> {
  try {
    await dataSource.transaction(async (manager) => {
      for (const key of keys) {
        const retryAfterSeconds = await countAttempt(manager, key);
        if (retryAfterSeconds !== undefined) throw new AttemptRefused(key, retryAfterSeconds);
      }
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof AttemptRefused)) throw error;
    const { key, retryAfterSeconds } = error;
    await dataSource.transaction(async (manager) => {
      if (await claimRefusalAudit(manager, key)) await recordAudit(manager, refusalOf(key.kind));
    });
    return retryAfterSeconds;
  }
}
