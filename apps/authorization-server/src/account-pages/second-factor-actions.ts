import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { codeKey } from '../accounts/login.ts';
import { SecondFactor } from '../accounts/second-factor.ts';
import { auditWrongCode, refusalOf } from '../accounts/sign-in-audit.ts';
import { settleAttempt } from '../accounts/sign-in-record.ts';
import { SignIn } from '../accounts/sign-in.ts';
import type { SignInOutcome } from '../accounts/sign-in.ts';
import { throttleAttempt } from '../accounts/throttle-attempt.ts';
import { newTotpSecret } from '../accounts/totp.ts';
import type { PageProblem } from '../interactions/pages/problem.tsx';
import { KeyEncryption } from '../keys/key-encryption.ts';
import { inTransaction } from '../storage/unit-of-work.ts';
import type { AccountOutcome, Enrolment, ProblemForm } from './account-actions.ts';
import type { AccountForm } from './account-form.ts';
import { loginVisitOf } from './account-visit.ts';
import type { OwnerVisit } from './account-visit.ts';

/** As long as a person may take for a page. */
const enrolmentSeconds = 15 * 60;
const expiryBytes = 8;

/** Sets up, turns off and renews the second factor of somebody who knows the password. */
@Injectable()
export class SecondFactorActions {
  readonly #dataSource: DataSource;
  readonly #signIn: SignIn;
  readonly #secondFactor: SecondFactor;
  readonly #encryption: KeyEncryption;

  constructor(dataSource: DataSource, signIn: SignIn, secondFactor: SecondFactor, encryption: KeyEncryption) {
    this.#dataSource = dataSource;
    this.#signIn = signIn;
    this.#secondFactor = secondFactor;
    this.#encryption = encryption;
  }

  /** Shows a new secret to whoever knows the password: a session that was left open is not enough. */
  async setUp(visit: OwnerVisit, form: AccountForm): Promise<AccountOutcome> {
    const outcome = await this.#confirm(visit, form);
    if (outcome.kind !== 'right') return refusal('set-up', outcome);
    const isRight = await inTransaction(this.#dataSource, (manager) => outcome.settle(manager));
    if (!isRight) return refusal('set-up', { kind: 'refused' });
    return { kind: 'enrolment', enrolment: this.#seal(visit, newTotpSecret()) };
  }

  async turnOn(visit: OwnerVisit, form: AccountForm): Promise<AccountOutcome> {
    const secret = this.#open(visit, form.enrolment);
    if (!secret) return { kind: 'problem', form: 'set-up', problem: { kind: 'timed-out' } };
    const outcome = await inTransaction(this.#dataSource, (manager) =>
      this.#secondFactor.turnOn(manager, visit.account, { secret, code: form.code }),
    );
    if (outcome === 'already-on') return { kind: 'done', done: 'second-factor-on' };
    if (outcome !== 'wrong-code') return { kind: 'recovery-codes', codes: outcome };
    const enrolment = { secret, sealed: form.enrolment };
    return { kind: 'enrolment', enrolment, problem: { kind: 'wrong-code' } };
  }

  /** Asks for both steps: the password alone must not take the second one away. */
  async turnOff(visit: OwnerVisit, form: AccountForm): Promise<AccountOutcome> {
    const outcome = await this.#confirm(visit, form);
    if (outcome.kind !== 'right') return refusal('turn-off', outcome);
    const loginVisit = loginVisitOf(visit);
    const key = codeKey(visit.account, loginVisit.browserDigest);
    const refused = { ...refusalOf(loginVisit, 'code'), onBehalfOf: visit.account.sub };
    const retryAfterSeconds = await throttleAttempt(this.#dataSource, [key], () => refused);
    if (retryAfterSeconds !== undefined) return refusal('turn-off', { kind: 'throttled', retryAfterSeconds });
    return await inTransaction(this.#dataSource, async (manager) => {
      const { account } = outcome;
      if (!(await outcome.settle(manager))) return refusal('turn-off', { kind: 'refused' });
      const check = await this.#secondFactor.check(manager, account, form.code);
      if (!check.isRight) {
        await auditWrongCode(manager, loginVisit, { account, reason: check.reason });
        return { kind: 'problem', form: 'turn-off', problem: { kind: 'wrong-code' } };
      }
      await settleAttempt(manager, [key]);
      await this.#secondFactor.turnOff(manager, account);
      return { kind: 'done', done: 'second-factor-off' };
    });
  }

  async renewCodes(visit: OwnerVisit, form: AccountForm): Promise<AccountOutcome> {
    const outcome = await this.#confirm(visit, form);
    if (outcome.kind !== 'right') return refusal('renew-codes', outcome);
    return await inTransaction(this.#dataSource, async (manager) => {
      if (!(await outcome.settle(manager))) return refusal('renew-codes', { kind: 'refused' });
      if (!(await this.#secondFactor.isOn(manager, outcome.account)))
        return { kind: 'done', done: 'second-factor-off' };
      return { kind: 'recovery-codes', codes: await this.#secondFactor.renewRecoveryCodes(manager, outcome.account) };
    });
  }

  #confirm(visit: OwnerVisit, form: AccountForm): Promise<SignInOutcome> {
    const { email } = visit.account;
    return this.#signIn.attempt({ ...loginVisitOf(visit), email, password: form.password, purpose: 'confirmation' });
  }

  #seal(visit: OwnerVisit, secret: Buffer): Enrolment {
    const expiry = Buffer.alloc(expiryBytes);
    expiry.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1_000) + enrolmentSeconds));
    const sealed = this.#encryption.seal(enrolmentOf(visit), Buffer.concat([expiry, secret]));
    return { secret, sealed: sealed.toString('base64url') };
  }

  /** @returns undefined for what was not sealed for this account and session, or too long ago. */
  #open(visit: OwnerVisit, sealed: string): Buffer | undefined {
    const opened = this.#encryption.open(enrolmentOf(visit), Buffer.from(sealed, 'base64url'));
    if (!opened || Number(opened.readBigUInt64BE(0)) < Date.now() / 1_000) return undefined;
    return opened.subarray(expiryBytes);
  }
}

function enrolmentOf({ account, session }: OwnerVisit): string {
  return `enrolment:${account.tenantId}:${account.sub}:${session.uid}`;
}

function refusal(form: ProblemForm, outcome: Exclude<SignInOutcome, { kind: 'right' }>): AccountOutcome {
  const problem: PageProblem = outcome.kind === 'refused' ? { kind: 'wrong-password' } : outcome;
  return { kind: 'problem', form, problem };
}
