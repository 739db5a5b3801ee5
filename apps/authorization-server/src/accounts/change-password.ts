import { password } from '@gatehouse/runtime';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import { revoke } from '../revocation/revoke.ts';
import { endBrowserSessions, endLoginsUnderWay } from '../sessions/browser-sessions.ts';
import { inTransaction } from '../storage/unit-of-work.ts';
import type { Account } from './account.entity.ts';
import { hashPassword, whileRoomForHashes } from './password-hash.ts';
import { busyRetryAfterSeconds, SignIn } from './sign-in.ts';
import type { SignInAttempt, SignInOutcome } from './sign-in.ts';

/** What somebody who is signed in asks for. */
export interface WantedPassword {
  newPassword: string;
  /** The session that goes on: every other one ends. */
  sessionUid: string;
  /** Whether the connected applications lose their access too. */
  disconnects: boolean;
}

/** How it ended; `unacceptable` is a new password that is too short or the present one. */
export type PasswordChange = { kind: 'changed' } | { kind: 'unacceptable' } | Exclude<SignInOutcome, { kind: 'right' }>;

const acceptable = password('A new password');

/** Changes the password of somebody who knows the present one. */
@Injectable()
export class ChangePassword {
  readonly #dataSource: DataSource;
  readonly #signIn: SignIn;

  constructor(dataSource: DataSource, signIn: SignIn) {
    this.#dataSource = dataSource;
    this.#signIn = signIn;
  }

  /**
   * @param present the account with its present password.
   * @param finish last part of the transaction.
   */
  async change(
    present: SignInAttempt,
    wanted: WantedPassword,
    finish: (manager: EntityManager) => Promise<void>,
  ): Promise<PasswordChange> {
    const { newPassword } = wanted;
    if (!acceptable.safeParse(newPassword).success || newPassword === present.password) return { kind: 'unacceptable' };
    const outcome = await this.#signIn.attempt({ ...present, purpose: 'confirmation' });
    if (outcome.kind !== 'right') return outcome;
    const newHash = await whileRoomForHashes(() => hashPassword(newPassword));
    if (newHash === undefined) return { kind: 'busy', retryAfterSeconds: busyRetryAfterSeconds };
    return await inTransaction(this.#dataSource, async (manager) => {
      if (!(await outcome.settle(manager))) return { kind: 'refused' };
      await replacePassword(manager, outcome.account, newHash);
      await forgetOtherBrowsers(manager, outcome.account, { ...wanted, browserDigest: present.browserDigest });
      await finish(manager);
      return { kind: 'changed' };
    });
  }
}

async function replacePassword(manager: EntityManager, account: Account, newHash: string): Promise<void> {
  const { tenantId, sub } = account;
  await manager.query('UPDATE auth.account SET password_hash = $2 WHERE sub = $1', [sub, newHash]);
  await recordAudit(manager, { type: 'account.password_changed', tenantId, outcome: 'success', actor: sub });
}

/** Whoever knew the former password is out, wherever they signed in. */
async function forgetOtherBrowsers(
  manager: EntityManager,
  account: Account,
  kept: { browserDigest: string; sessionUid: string; disconnects: boolean },
): Promise<void> {
  const { tenantId, sub } = account;
  await manager.query('DELETE FROM auth.known_browser WHERE tenant_id = $1 AND sub = $2 AND browser_digest <> $3', [
    tenantId,
    sub,
    kept.browserDigest,
  ]);
  await endLoginsUnderWay(manager, account);
  await endBrowserSessions(manager, account, { reason: 'password_changed', except: kept.sessionUid });
  if (!kept.disconnects) return;
  await revoke(manager, { kind: 'account', id: sub, tenant: tenantId, reason: 'password_changed', by: { actor: sub } });
}
