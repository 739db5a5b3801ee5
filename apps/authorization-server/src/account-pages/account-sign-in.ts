import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Login } from '../accounts/login.ts';
import type { LoginOutcome, SignedIn } from '../accounts/login.ts';
import { ProviderHost } from '../provider/provider-host.ts';
import { sendSession, storeSession } from '../sessions/session-cookie.ts';
import type { ProviderSession } from '../sessions/session-cookie.ts';
import type { AccountForm } from './account-form.ts';
import { loginVisitOf } from './account-visit.ts';
import type { AccountVisit } from './account-visit.ts';

/** The account page's own sign-in: the provider's session without an OAuth client. */
@Injectable()
export class AccountSignIn {
  readonly #host: ProviderHost;
  readonly #login: Login;

  constructor(host: ProviderHost, login: Login) {
    this.#host = host;
    this.#login = login;
  }

  async submit(visit: AccountVisit, form: AccountForm): Promise<LoginOutcome<unknown> | { kind: 'started-over' }> {
    const loginVisit = loginVisitOf(visit);
    if (form.decision === 'start-over') {
      await this.#login.startOver(loginVisit);
      return { kind: 'started-over' };
    }
    const begin = (_manager: EntityManager, signedIn: SignedIn) => this.#begin(visit, signedIn);
    const { email, password } = form;
    const outcome =
      form.decision === 'code'
        ? await this.#login.withCode(loginVisit, form.code, begin)
        : await this.#login.withPassword({ ...loginVisit, email, password }, begin);
    if (outcome.kind === 'signed-in') sendSession(this.#host.provider, visit.exchange, outcome.result);
    return outcome;
  }

  /** The session gets another id than the one that the browser came with (no session fixation). */
  async #begin(visit: AccountVisit, { account, amr, at }: SignedIn): Promise<ProviderSession> {
    // What is left of the session of an account that is gone is no part of the new one.
    const isFresh = visit.session.accountId === undefined || visit.session.accountId === account.sub;
    const session = isFresh ? visit.session : new this.#host.provider.Session();
    session.resetIdentifier();
    session.loginAccount({ accountId: account.sub, amr, loginTs: at });
    await storeSession(session);
    return session;
  }
}
