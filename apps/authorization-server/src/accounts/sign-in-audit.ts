import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import type { AuditEvent } from '../audit/audit-log.ts';
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

/** Attempts are being refused unseen, by one of the limits or because too many sign in at once. */
export function refusalOf(attempt: SignInAttempt, reason: 'account' | 'address' | 'busy'): AuditEvent {
  return { ...common(attempt), type: 'login.throttled', outcome: 'failure', reason };
}

function common(attempt: SignInAttempt) {
  return { tenantId: attempt.tenantId, address: attempt.address, oauthClientId: attempt.oauthClientId };
}
