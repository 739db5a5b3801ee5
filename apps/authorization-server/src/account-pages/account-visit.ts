import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Account } from '../accounts/account.entity.ts';
import { Accounts } from '../accounts/accounts.ts';
import type { LoginVisit } from '../accounts/login.ts';
import { defaultTenant, SETTINGS } from '../config.ts';
import type { Settings } from '../config.ts';
import {
  browserCookie,
  browserDigest,
  newBrowserId,
  readBrowserId,
  writeBrowserId,
} from '../interactions/browser-cookie.ts';
import type { BrowserCookie } from '../interactions/browser-cookie.ts';
import { textsFor } from '../interactions/pages/texts.ts';
import type { Texts } from '../interactions/pages/texts.ts';
import { ProviderHost } from '../provider/provider-host.ts';
import { readSession } from '../sessions/session-cookie.ts';
import type { Exchange, ProviderSession } from '../sessions/session-cookie.ts';

/** A request for the account page: who is there, and how to answer. */
export interface AccountVisit {
  texts: Texts;
  /** Value of the browser cookie. */
  browserId: string;
  /** False in a browser that came without the cookie: no form of ours is open there. */
  isKnownBrowser: boolean;
  address: string;
  session: ProviderSession;
  /** Whose session it is; undefined where nobody is signed in. */
  account: Account | undefined;
  exchange: Exchange;
}

/** A request of somebody who is signed in. */
export type OwnerVisit = AccountVisit & { account: Account };

/** The sign-in form of this page, and where a code is awaited that it asks for. */
const signInForm = 'account:sign-in';

/** The form that a token of this page is good for: that of this session, or of whoever may sign in. */
export function formIdOf(visit: Pick<AccountVisit, 'account' | 'session'>): string {
  return visit.account ? `account:${visit.session.uid}` : signInForm;
}

/** The visit as sign-in sees it. */
export function loginVisitOf({ address, browserId }: AccountVisit): LoginVisit {
  return { tenantId: defaultTenant, page: signInForm, address, browserDigest: browserDigest(browserId) };
}

/** Reads who visits. */
@Injectable()
export class AccountVisits {
  readonly #host: ProviderHost;
  readonly #accounts: Accounts;
  readonly #cookie: BrowserCookie;

  constructor(host: ProviderHost, accounts: Accounts, @Inject(SETTINGS) settings: Settings) {
    this.#host = host;
    this.#accounts = accounts;
    this.#cookie = browserCookie(settings.AUTH_ISSUER);
  }

  async read(request: FastifyRequest, reply: FastifyReply): Promise<AccountVisit> {
    const exchange = { request: request.raw, response: reply.raw };
    const session = await readSession(this.#host.provider, exchange);
    const browserId = readBrowserId(this.#cookie, request.headers.cookie);
    return {
      texts: textsFor(request.headers['accept-language']),
      browserId: browserId ?? newBrowserId(),
      isKnownBrowser: browserId !== undefined,
      address: request.ip,
      session,
      account: session.accountId === undefined ? undefined : await this.#accounts.find(session.accountId),
      exchange,
    };
  }

  /** Gives a browser that has none its cookie. */
  welcome(visit: AccountVisit): void {
    if (visit.isKnownBrowser) return;
    visit.exchange.response.appendHeader('set-cookie', writeBrowserId(this.#cookie, visit.browserId));
  }
}
