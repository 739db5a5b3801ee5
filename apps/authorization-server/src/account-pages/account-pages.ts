import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Login } from '../accounts/login.ts';
import { SecondFactor } from '../accounts/second-factor.ts';
import { totpKeyUri } from '../accounts/totp.ts';
import { formToken } from '../interactions/form-token.ts';
import { PageFrame } from '../interactions/page-frame.ts';
import type { Page } from '../interactions/page-frame.ts';
import { renderCodePage } from '../interactions/pages/code-page.tsx';
import { renderLoginPage } from '../interactions/pages/login-page.tsx';
import { statusOfProblem } from '../interactions/pages/problem.tsx';
import type { PageProblem } from '../interactions/pages/problem.tsx';
import type { Texts } from '../interactions/pages/texts.ts';
import { ServerSecrets } from '../keys/server-secrets.ts';
import { listBrowserSessions } from '../sessions/browser-sessions.ts';
import type { AccountOutcome } from './account-actions.ts';
import { formIdOf, loginVisitOf } from './account-visit.ts';
import type { AccountVisit, OwnerVisit } from './account-visit.ts';
import { listConnectedClients } from './connected-clients.ts';
import { renderAccountPage } from './pages/account-page.tsx';
import { renderEnrolmentPage } from './pages/enrolment-page.tsx';
import { renderRecoveryPage } from './pages/recovery-page.tsx';

/** What has happened before the page is shown. */
interface Before {
  done?: string | undefined;
  /** What was typed, when a form of sign-in comes back. */
  email?: string;
  problem?: PageProblem | undefined;
}

/** Turns a visit of the account page into what it shows. */
@Injectable()
export class AccountPages {
  readonly #dataSource: DataSource;
  readonly #frame: PageFrame;
  readonly #secrets: ServerSecrets;
  readonly #login: Login;
  readonly #secondFactor: SecondFactor;

  constructor(
    dataSource: DataSource,
    frame: PageFrame,
    secrets: ServerSecrets,
    login: Login,
    secondFactor: SecondFactor,
  ) {
    this.#dataSource = dataSource;
    this.#frame = frame;
    this.#secrets = secrets;
    this.#login = login;
    this.#secondFactor = secondFactor;
  }

  /** Path of the account page. */
  get path(): string {
    return `${this.#frame.path}/account`;
  }

  /** What a visitor sees who is not signed in: the password, or the code that is awaited. */
  async signIn(visit: AccountVisit, before: Before = {}): Promise<Page> {
    const { texts } = visit;
    const { problem } = before;
    const common = { ...this.#common(visit), ...(problem ? { problem } : {}) };
    const awaited = visit.isKnownBrowser ? await this.#login.awaited(loginVisitOf(visit)) : undefined;
    const done = doneText(texts, before.done);
    const html = awaited
      ? renderCodePage({ ...common, email: awaited.email })
      : renderLoginPage({
          ...common,
          purpose: texts.login.purposeAccount,
          email: before.email ?? '',
          isCancellable: false,
          ...(done === undefined ? {} : { done }),
        });
    return this.#page(visit, html, problem);
  }

  /** The account, and what a form of it led to. */
  async account(visit: OwnerVisit, before: { done?: string | undefined } = {}): Promise<Page> {
    return this.#page(visit, await this.#accountHtml(visit, { done: doneText(visit.texts, before.done) }), undefined);
  }

  async outcome(visit: OwnerVisit, outcome: Exclude<AccountOutcome, { kind: 'done' }>): Promise<Page> {
    if (outcome.kind === 'problem') {
      return this.#page(visit, await this.#accountHtml(visit, { problem: outcome }), outcome.problem);
    }
    const common = { ...this.#common(visit), path: this.path };
    if (outcome.kind === 'recovery-codes') {
      return this.#page(visit, renderRecoveryPage({ ...common, codes: outcome.codes }), undefined);
    }
    const { enrolment, problem } = outcome;
    const issuer = `${visit.texts.product} ${this.#frame.host.split(':')[0]}`;
    const keyUri = totpKeyUri({ secret: enrolment.secret, issuer, account: visit.account.email });
    const html = renderEnrolmentPage({ ...common, ...enrolment, keyUri, ...(problem ? { problem } : {}) });
    return this.#page(visit, html, problem);
  }

  async #accountHtml(
    visit: OwnerVisit,
    before: { done?: string | undefined; problem?: Extract<AccountOutcome, { kind: 'problem' }> },
  ): Promise<string> {
    const { manager } = this.#dataSource;
    const { account, session } = visit;
    return renderAccountPage({
      ...this.#common(visit),
      path: this.path,
      email: account.email,
      clients: await listConnectedClients(manager, account),
      sessions: await listBrowserSessions(manager, account),
      presentSession: session.uid,
      secondFactor: await this.#secondFactor.describe(manager, account),
      done: before.done,
      problem: before.problem,
    });
  }

  #common(visit: AccountVisit) {
    const { texts, browserId } = visit;
    const token = formToken(this.#secrets.formKey, { formId: formIdOf(visit), browserId });
    return { texts, formToken: token, host: this.#frame.host };
  }

  #page({ texts }: AccountVisit, html: string, problem: PageProblem | undefined): Page {
    return { status: statusOfProblem(problem), headers: this.#frame.headers(texts, { hasForm: true }), html };
  }
}

/** @param done what the address of the page says was done; anybody may have written it. */
function doneText(texts: Texts, done: string | undefined): string | undefined {
  const words: Record<string, string> = texts.account.done;
  return done !== undefined && Object.hasOwn(words, done) ? words[done] : undefined;
}
