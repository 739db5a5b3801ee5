import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { recordAudit } from '../audit/audit-log.ts';
import { BoundedAudit } from '../audit/bounded-audit.ts';
import { networkOf } from '../entrance/caller-address.ts';
import { Account } from './account.entity.ts';
import { emailKey } from './email-key.ts';
import { KnownBrowser } from './known-browser.entity.ts';
import { claimRefusalAudit, countAttempt, forgetAttempts, uncountAttempt } from './login-throttle.ts';
import type { ThrottleKey } from './login-throttle.ts';
import { auditFailure, auditSuccess, refusalOf } from './sign-in-audit.ts';
import { hashPassword, needsRehash, verifyPassword, whileRoomForHashes } from './password-hash.ts';

/** One attempt to sign in with e-mail and password. */
export interface SignInAttempt {
  tenantId: string;
  email: string;
  password: string;
  /** Network address of the browser. */
  address: string;
  /** SHA-256 of the browser cookie. */
  browserDigest: string;
  /** OAuth client that sent the browser here. */
  oauthClientId: string;
}

/** How an attempt ended; `refused` never says which of e-mail and password was wrong. */
export type SignInOutcome =
  | {
      kind: 'signed-in';
      account: Account;
      /** Writes what a success changes, in the transaction that makes the sign-in count. */
      record: (manager: EntityManager) => Promise<void>;
    }
  | { kind: 'refused' }
  | { kind: 'throttled'; retryAfterSeconds: number }
  /** So many sign in at once that the attempt was not looked at. */
  | { kind: 'busy'; retryAfterSeconds: number };

const busyRetryAfterSeconds = 5;

interface Candidate {
  account: Account | undefined;
  /** This browser has signed in to this account before. */
  browserKnown: boolean;
}

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

/** Signs people in to local accounts: throttling, password, audit. */
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
    const retryAfterSeconds = await this.#count(attempt, keys);
    if (retryAfterSeconds !== undefined) return { kind: 'throttled', retryAfterSeconds };
    const { account } = candidate;
    const hashOfNobody = await this.#nobodysHash();
    const matches = await verifyPassword(attempt.password, account?.passwordHash ?? hashOfNobody);
    if (!account || !matches) {
      await auditFailure(this.#dataSource.manager, attempt, account);
      return { kind: 'refused' };
    }
    const newHash = needsRehash(account.passwordHash) ? await hashPassword(attempt.password) : undefined;
    const record = (manager: EntityManager) => recordSuccess(manager, attempt, { account, keys, newHash });
    return { kind: 'signed-in', account, record };
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
      .getRawAndEntities<{ browser_known: boolean }>();
    return { account: found.entities[0], browserKnown: found.raw[0]?.browser_known ?? false };
  }

  /** Counts the attempt in one transaction, undone when any limit refuses it. */
  async #count(attempt: SignInAttempt, keys: ThrottleKey[]): Promise<number | undefined> {
    try {
      await this.#dataSource.transaction(async (manager) => {
        for (const key of keys) {
          const retryAfterSeconds = await countAttempt(manager, key);
          if (retryAfterSeconds !== undefined) throw new AttemptRefused(key, retryAfterSeconds);
        }
      });
      return undefined;
    } catch (error) {
      if (!(error instanceof AttemptRefused)) throw error;
      await this.#recordRefusal(attempt, error.key);
      return error.retryAfterSeconds;
    }
  }

  async #recordRefusal(attempt: SignInAttempt, key: ThrottleKey): Promise<void> {
    await this.#dataSource.transaction(async (manager) => {
      if (await claimRefusalAudit(manager, key)) await recordAudit(manager, refusalOf(attempt, key.kind));
    });
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

async function recordSuccess(
  manager: EntityManager,
  attempt: SignInAttempt,
  success: { account: Account; keys: ThrottleKey[]; newHash: string | undefined },
): Promise<void> {
  const { account, keys, newHash } = success;
  for (const key of keys) {
    if (key.kind === 'account') await forgetAttempts(manager, key);
    else await uncountAttempt(manager, key);
  }
  if (newHash) await replaceHash(manager, account, newHash);
  await rememberBrowser(manager, attempt, account);
  await auditSuccess(manager, attempt, account);
}

/** Only over the hash that was verified: a password that was changed meanwhile stays changed. */
async function replaceHash(manager: EntityManager, account: Account, newHash: string): Promise<void> {
  await manager.update(Account, { sub: account.sub, passwordHash: account.passwordHash }, { passwordHash: newHash });
}

async function rememberBrowser(manager: EntityManager, attempt: SignInAttempt, account: Account): Promise<void> {
  await manager.query(
    `INSERT INTO auth.known_browser (tenant_id, sub, browser_digest, last_login_at)
     VALUES ($1, $2, $3, clock_timestamp())
     ON CONFLICT (tenant_id, sub, browser_digest) DO UPDATE SET last_login_at = excluded.last_login_at`,
    [account.tenantId, account.sub, attempt.browserDigest],
  );
}
