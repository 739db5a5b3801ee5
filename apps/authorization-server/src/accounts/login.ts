import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { inTransaction } from '../storage/unit-of-work.ts';
import type { Account } from './account.entity.ts';
import { Accounts } from './accounts.ts';
import { KnownBrowser } from './known-browser.entity.ts';
import type { ThrottleKey } from './login-throttle.ts';
import { awaitCode, endAwaiting, findAwaited } from './pending-sign-ins.ts';
import { SecondFactor } from './second-factor.ts';
import { auditWrongCode, refusalOf } from './sign-in-audit.ts';
import { holdAccount, recordSignIn, settleAttempt } from './sign-in-record.ts';
import { SignIn } from './sign-in.ts';
import type { SignInAttempt, SignInOutcome, SignInVisit } from './sign-in.ts';
import { throttleAttempt } from './throttle-attempt.ts';

/** A complete sign-in. */
export interface SignedIn {
  account: Account;
  /** How (RFC 8176). */
  amr: string[];
  /** When, in seconds since 1970. */
  at: number;
}

/** Makes a sign-in count, as the last part of its transaction. */
type Finish<T> = (manager: EntityManager, signedIn: SignedIn) => Promise<T>;

/** Why a person is not signed in yet. */
export type SignInProblem =
  | Exclude<SignInOutcome, { kind: 'right' }>
  | { kind: 'wrong-code' }
  /** The code came too late: the password is asked for again. */
  | { kind: 'timed-out' };

export type LoginOutcome<T> =
  | { kind: 'signed-in'; account: Account; result: T }
  | { kind: 'code-awaited' }
  | SignInProblem;

/** Where somebody signs in: the visit, and the page that asks. */
export type LoginVisit = SignInVisit & {
  /** The uid of an interaction, or the name of the account page. */
  page: string;
};

/** Signs people in: the password, then a code for accounts that have an authenticator. */
@Injectable()
export class Login {
  readonly #dataSource: DataSource;
  readonly #accounts: Accounts;
  readonly #signIn: SignIn;
  readonly #secondFactor: SecondFactor;

  constructor(dataSource: DataSource, accounts: Accounts, signIn: SignIn, secondFactor: SecondFactor) {
    this.#dataSource = dataSource;
    this.#accounts = accounts;
    this.#signIn = signIn;
    this.#secondFactor = secondFactor;
  }

  async withPassword<T>(attempt: SignInAttempt & LoginVisit, finish: Finish<T>): Promise<LoginOutcome<T>> {
    const outcome = await this.#signIn.attempt(attempt);
    if (outcome.kind !== 'right') return outcome;
    const { account, settle } = outcome;
    return await inTransaction(this.#dataSource, async (manager) => {
      if (!(await settle(manager))) return { kind: 'refused' };
      if (await this.#secondFactor.isOn(manager, account)) {
        await awaitCode(manager, attempt, account);
        return { kind: 'code-awaited' };
      }
      return await complete(manager, attempt, { account, amr: ['pwd'] }, finish);
    });
  }

  /** @param typed a code of the authenticator, or a recovery code. */
  async withCode<T>(visit: LoginVisit, typed: string, finish: Finish<T>): Promise<LoginOutcome<T>> {
    const account = await this.awaited(visit);
    if (!account) return { kind: 'timed-out' };
    const keys = await this.#keysOf(visit, account);
    const refused = { ...refusalOf(visit, 'code'), onBehalfOf: account.sub };
    const retryAfterSeconds = await throttleAttempt(this.#dataSource, keys, () => refused);
    if (retryAfterSeconds !== undefined) return { kind: 'throttled', retryAfterSeconds };
    return await inTransaction(this.#dataSource, async (manager) => {
      if (!(await holdAccount(manager, account))) return { kind: 'timed-out' };
      const check = await this.#secondFactor.check(manager, account, typed);
      if (!check.isRight) {
        await auditWrongCode(manager, visit, { account, reason: check.reason });
        return { kind: 'wrong-code' };
      }
      // Of two right codes at once, one signs in.
      if (!(await endAwaiting(manager, visit))) return { kind: 'timed-out' };
      await settleAttempt(manager, keys);
      return await complete(manager, visit, { account, amr: ['pwd', 'otp', 'mfa'] }, finish);
    });
  }

  /** The account whose code is awaited at this page, in this browser. */
  async awaited(visit: LoginVisit): Promise<Account | undefined> {
    const sub = await findAwaited(this.#dataSource.manager, visit);
    return sub === undefined ? undefined : await this.#accounts.find(sub);
  }

  /** Back to the password, for whoever is not the one whose code is awaited. */
  async startOver(visit: LoginVisit): Promise<void> {
    await endAwaiting(this.#dataSource.manager, visit);
  }

  /** As with passwords, strangers do not use up the attempts of a browser that has signed in before. */
  async #keysOf({ browserDigest }: LoginVisit, { tenantId, sub }: Account): Promise<ThrottleKey[]> {
    const isKnown = await this.#dataSource.manager.existsBy(KnownBrowser, { tenantId, sub, browserDigest });
    return [codeKey({ tenantId, sub }, isKnown ? browserDigest : undefined)];
  }
}

/** What codes for an account are counted under. @param knownBrowser digest of a browser that has signed in to it. */
export function codeKey({ tenantId, sub }: Pick<Account, 'tenantId' | 'sub'>, knownBrowser?: string): ThrottleKey {
  return { tenantId, kind: 'code', value: knownBrowser === undefined ? sub : `${sub}\n${knownBrowser}` };
}

async function complete<T>(
  manager: EntityManager,
  visit: LoginVisit,
  { account, amr }: { account: Account; amr: string[] },
  finish: Finish<T>,
): Promise<LoginOutcome<T>> {
  await recordSignIn(manager, visit, account, amr);
  const result = await finish(manager, { account, amr, at: Math.floor(Date.now() / 1_000) });
  return { kind: 'signed-in', account, result };
}
