import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { BoundedAudit } from '../audit/bounded-audit.ts';
import { networkOf } from '../entrance/caller-address.ts';
import { Account } from './account.entity.ts';
import { emailKey } from './email-key.ts';
import { KnownBrowser } from './known-browser.entity.ts';
import type { ThrottleKey } from './login-throttle.ts';
import { auditFailure, refusalOf } from './sign-in-audit.ts';
import { holdAccount, settleAttempt } from './sign-in-record.ts';
import { hashPassword, needsRehash, verifyPassword, whileRoomForHashes } from './password-hash.ts';
import { throttleAttempt } from './throttle-attempt.ts';

/** From where somebody signs in. */
export interface SignInVisit {
  tenantId: string;
  /** Network address of the browser. */
  address: string;
  /** SHA-256 of the browser cookie. */
  browserDigest: string;
  /** OAuth client that sent the browser here, if one did. */
  oauthClientId?: string;
}

/** One attempt to prove oneself with e-mail and password. */
export interface SignInAttempt extends SignInVisit {
  email: string;
  password: string;
  /** What the password is asked for: `login` unless said, or the `confirmation` of a change by somebody signed in. */
  purpose?: 'login' | 'confirmation';
}

/** How an attempt ended; `refused` never says which of e-mail and password was wrong. */
export type SignInOutcome =
  | {
      kind: 'right';
      account: Account;
      /**
       * Takes back what was counted, in the transaction that makes the attempt count, which holds the account from here
       * on. False when its password was changed meanwhile.
       */
      settle: (manager: EntityManager) => Promise<boolean>;
    }
  | { kind: 'refused' }
  | { kind: 'throttled'; retryAfterSeconds: number }
  /** So many sign in at once that the attempt was not looked at. */
  | { kind: 'busy'; retryAfterSeconds: number };

/** When to come back after `busy`. */
export const busyRetryAfterSeconds = 5;

interface Candidate {
  account: Account | undefined;
  /** This browser has signed in to this account before. */
  browserKnown: boolean;
}

/** Checks the passwords of local accounts: throttling, comparison, audit of failures. */
@Injectable()
export class SignIn {
  readonly #dataSource: DataSource;
  readonly #audit: BoundedAudit;
  #hashOfNobody: Promise<string> | undefined;

  constructor(dataSource: DataSource, audit: BoundedAudit) {
    this.#dataSource = dataSource;
    this.#audit = audit;
  }

  /** Tries one password. Work and answer are the same whether or not the account exists. */
  async attempt(attempt: SignInAttempt): Promise<SignInOutcome> {
    const outcome = await whileRoomForHashes(() => this.#attempt(attempt));
    if (outcome) return outcome;
    await this.#audit.record(refusalOf(attempt, 'busy'));
    return { kind: 'busy', retryAfterSeconds: busyRetryAfterSeconds };
  }

  async #attempt(attempt: SignInAttempt): Promise<SignInOutcome> {
    const candidate = await this.#findCandidate(attempt);
    const keys = throttleKeys(attempt, candidate);
    const retryAfterSeconds = await throttleAttempt(this.#dataSource, keys, (kind) => refusalOf(attempt, kind));
    if (retryAfterSeconds !== undefined) return { kind: 'throttled', retryAfterSeconds };
    const { account } = candidate;
    const hashOfNobody = await this.#nobodysHash();
    const matches = await verifyPassword(attempt.password, account?.passwordHash ?? hashOfNobody);
    if (!account || !matches) {
      await auditFailure(this.#dataSource.manager, attempt, account);
      return { kind: 'refused' };
    }
    const newHash = needsRehash(account.passwordHash) ? await hashPassword(attempt.password) : undefined;
    const settle = async (manager: EntityManager) => {
      if (!(await holdAccount(manager, account, newHash))) return false;
      await settleAttempt(manager, keys);
      return true;
    };
    return { kind: 'right', account, settle };
  }

  async #findCandidate(attempt: SignInAttempt): Promise<Candidate> {
    // One statement, so that an unknown account costs as many round trips as a known one.
    const found = await this.#dataSource.manager
      .createQueryBuilder(Account, 'account')
      .leftJoin(
        KnownBrowser,
        'browser',
        'browser.tenantId = account.tenantId AND browser.sub = account.sub AND browser.browserDigest = :browser',
        { browser: attempt.browserDigest },
      )
      .addSelect('browser.sub IS NOT NULL', 'browser_known')
      .where('account.tenantId = :tenantId AND account.emailKey = :key', {
        tenantId: attempt.tenantId,
        key: emailKey(attempt.email),
      })
      .andWhere('account.disabledAt IS NULL')
      .getRawAndEntities<{ browser_known: boolean }>();
    return { account: found.entities[0], browserKnown: found.raw[0]?.browser_known ?? false };
  }

  #nobodysHash(): Promise<string> {
    this.#hashOfNobody ??= hashPassword('');
    return this.#hashOfNobody;
  }
}

/** A browser that is known to the account has attempts of its own, so that strangers cannot lock its owner out. */
function throttleKeys(attempt: SignInAttempt, candidate: Candidate): ThrottleKey[] {
  const { tenantId } = attempt;
  const account = emailKey(attempt.email);
  if (candidate.browserKnown) return [{ tenantId, kind: 'account', value: `${account}\n${attempt.browserDigest}` }];
  return [
    { tenantId, kind: 'account', value: account },
    { tenantId, kind: 'address', value: networkOf(attempt.address) },
  ];
}
