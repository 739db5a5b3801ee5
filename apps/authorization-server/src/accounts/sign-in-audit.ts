import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import type { AuditEvent } from '../audit/audit-log.ts';
import type { Account } from './account.entity.ts';
import { emailKey } from './email-key.ts';
import type { SignInAttempt, SignInVisit } from './sign-in.ts';

/** Writes that somebody signed in. @param amr how (RFC 8176). */
export async function auditSuccess(
  manager: EntityManager,
  visit: SignInVisit,
  account: Account,
  amr: string[],
): Promise<void> {
  const event = { ...common(visit), type: 'login.succeeded', outcome: 'success', actor: account.sub } as const;
  await recordAudit(manager, { ...event, details: { amr } });
}

/**
 * Writes that a password was wrong. The audit must not become a list of what people typed into the wrong field: an
 * e-mail is only a digest.
 */
export async function auditFailure(
  manager: EntityManager,
  attempt: SignInAttempt,
  account: Account | undefined,
): Promise<void> {
  await recordAudit(manager, {
    ...common(attempt),
    type: `${attempt.purpose ?? 'login'}.failed`,
    outcome: 'failure',
    reason: account ? 'wrong_password' : 'unknown_account',
    ...(account ? { onBehalfOf: account.sub } : {}),
    details: { emailDigest: createHash('sha256').update(emailKey(attempt.email)).digest('base64url') },
  });
}

/** Writes that the code after a right password was refused. */
export async function auditWrongCode(
  manager: EntityManager,
  visit: SignInVisit,
  refused: { account: Account; reason: string },
): Promise<void> {
  const { account, reason } = refused;
  const event = { ...common(visit), type: 'login.failed', outcome: 'failure', reason } as const;
  await recordAudit(manager, { ...event, onBehalfOf: account.sub });
}

/** Attempts are being refused unseen, by one of the limits or because too many sign in at once. */
export function refusalOf(visit: SignInVisit, reason: 'account' | 'address' | 'code' | 'busy'): AuditEvent {
  return { ...common(visit), type: 'login.throttled', outcome: 'failure', reason };
}

function common({ tenantId, address, oauthClientId }: SignInVisit) {
  return { tenantId, address, ...(oauthClientId === undefined ? {} : { oauthClientId }) };
}
