import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import type { Account } from './account.entity.ts';
import { emailKey } from './email-key.ts';
import type { SignInAttempt } from './sign-in.ts';

/** Writes that somebody signed in. */
export async function auditSuccess(manager: EntityManager, attempt: SignInAttempt, account: Account): Promise<void> {
  await recordAudit(manager, { ...common(attempt), type: 'login.succeeded', outcome: 'success', actor: account.sub });
}

/**
 * Writes that a sign-in failed. The audit must not become a list of what people typed into the wrong field: an e-mail
 * is only a digest.
 */
export async function auditFailure(
  manager: EntityManager,
  attempt: SignInAttempt,
  account: Account | undefined,
): Promise<void> {
  await recordAudit(manager, {
    ...common(attempt),
    type: 'login.failed',
    outcome: 'failure',
    reason: account ? 'wrong_password' : 'unknown_account',
    ...(account ? { onBehalfOf: account.sub } : {}),
    details: { emailDigest: createHash('sha256').update(emailKey(attempt.email)).digest('base64url') },
  });
}

/** Writes that attempts are being refused, and by which limit. */
export async function auditRefusal(
  manager: EntityManager,
  attempt: SignInAttempt,
  limit: 'account' | 'address',
): Promise<void> {
  await recordAudit(manager, { ...common(attempt), type: 'login.throttled', outcome: 'failure', reason: limit });
}

function common(attempt: SignInAttempt) {
  return { tenantId: attempt.tenantId, address: attempt.address, oauthClientId: attempt.oauthClientId };
}
