import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { ChangePassword } from '../accounts/change-password.ts';
import type { PageProblem } from '../interactions/pages/problem.tsx';
import type { Texts } from '../interactions/pages/texts.ts';
import { ProviderHost } from '../provider/provider-host.ts';
import { endBrowserSessions, endLoginsUnderWay } from '../sessions/browser-sessions.ts';
import { forgetSession, sendSession, storeSession } from '../sessions/session-cookie.ts';
import { inTransaction } from '../storage/unit-of-work.ts';
import type { AccountForm } from './account-form.ts';
import { loginVisitOf } from './account-visit.ts';
import type { OwnerVisit } from './account-visit.ts';
import { disconnectClient } from './connected-clients.ts';
import { SecondFactorActions } from './second-factor-actions.ts';

/** What a form of the account page led to. */
export type AccountOutcome =
  | { kind: 'done'; done: keyof Texts['account']['done'] }
  /** The form comes back with what was wrong in it. */
  | { kind: 'problem'; form: ProblemForm; problem: PageProblem }
  | { kind: 'enrolment'; enrolment: Enrolment; problem?: PageProblem }
  | { kind: 'recovery-codes'; codes: string[] };

/** The forms that ask for something that may be wrong. */
export type ProblemForm = 'change-password' | 'set-up' | 'turn-off' | 'renew-codes';

/** An authenticator that is being set up: nothing of it is stored before it has shown a right code. */
export interface Enrolment {
  secret: Buffer;
  /** Secret and expiry, sealed for this account and session. */
  sealed: string;
}

/** Does what somebody who is signed in asks of the account page. */
@Injectable()
export class AccountActions {
  readonly #dataSource: DataSource;
  readonly #host: ProviderHost;
  readonly #changePassword: ChangePassword;
  readonly #secondFactor: SecondFactorActions;

  constructor(
    dataSource: DataSource,
    host: ProviderHost,
    changePassword: ChangePassword,
    secondFactor: SecondFactorActions,
  ) {
    this.#dataSource = dataSource;
    this.#host = host;
    this.#changePassword = changePassword;
    this.#secondFactor = secondFactor;
  }

  async perform(visit: OwnerVisit, form: AccountForm): Promise<AccountOutcome> {
    const { account, session } = visit;
    switch (form.decision) {
      case 'disconnect':
        await inTransaction(this.#dataSource, (manager) => disconnectClient(manager, account, form.client_id));
        return { kind: 'done', done: 'disconnected' };
      case 'end-session':
        return await this.#endSessions(visit, form.session);
      case 'sign-out':
        return await this.#endSessions(visit, session.uid);
      case 'sign-out-everywhere':
        return await this.#endSessions(visit, undefined);
      case 'change-password':
        return await this.#replacePassword(visit, form);
      case 'set-up':
        return await this.#secondFactor.setUp(visit, form);
      case 'turn-on':
        return await this.#secondFactor.turnOn(visit, form);
      case 'turn-off':
        return await this.#secondFactor.turnOff(visit, form);
      default:
        return await this.#secondFactor.renewCodes(visit, form);
    }
  }

  /** @param uid the one session; undefined for all. */
  async #endSessions({ account, session, exchange }: OwnerVisit, uid: string | undefined): Promise<AccountOutcome> {
    await inTransaction(this.#dataSource, async (manager) => {
      if (uid === undefined) await endLoginsUnderWay(manager, account);
      const reason = uid === undefined ? 'signed_out_everywhere' : 'signed_out';
      await endBrowserSessions(manager, account, { reason, ...(uid === undefined ? {} : { only: uid }) });
    });
    if (uid !== undefined && uid !== session.uid) return { kind: 'done', done: 'session-ended' };
    forgetSession(this.#host.provider, exchange);
    return { kind: 'done', done: uid === undefined ? 'signed-out-everywhere' : 'signed-out' };
  }

  /** The session that goes on gets another id: whoever copied the former one is out as well. */
  async #replacePassword(visit: OwnerVisit, form: AccountForm): Promise<AccountOutcome> {
    const { account, session } = visit;
    if (form.new_password !== form.new_password_again) return refusal({ kind: 'different' });
    const present = { ...loginVisitOf(visit), email: account.email, password: form.password };
    const wanted = {
      newPassword: form.new_password,
      sessionUid: session.uid,
      disconnects: form.disconnect_all === 'yes',
    };
    const renewSession = async (_manager: EntityManager) => {
      session.resetIdentifier();
      await storeSession(session);
    };
    const outcome = await this.#changePassword.change(present, wanted, renewSession);
    if (outcome.kind === 'refused') return refusal({ kind: 'wrong-password' });
    if (outcome.kind !== 'changed') return refusal(outcome);
    sendSession(this.#host.provider, visit.exchange, session);
    return { kind: 'done', done: 'password-changed' };
  }
}

function refusal(problem: PageProblem): AccountOutcome {
  return { kind: 'problem', form: 'change-password', problem };
}
