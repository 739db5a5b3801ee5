import { Inject, Injectable } from '@nestjs/common';
import { Accounts } from '../accounts/accounts.ts';
import { documentHost } from '../clients/documents/client-id-url.ts';
import { ClientLogos } from '../clients/logos/client-logos.ts';
import { SETTINGS } from '../config.ts';
import type { Settings } from '../config.ts';
import { ServerSecrets } from '../keys/server-secrets.ts';
import { ProviderHost } from '../provider/provider-host.ts';
import { accessOf } from './approval-step.ts';
import { formToken } from './form-token.ts';
import type { Interaction } from './open-interaction.ts';
import { pageHeaders } from './page-headers.ts';
import { renderApprovalPage } from './pages/approval-page.tsx';
import { renderErrorPage } from './pages/error-page.tsx';
import type { ErrorPage } from './pages/error-page.tsx';
import { renderGoOnPage } from './pages/go-on-page.tsx';
import { renderLoginPage } from './pages/login-page.tsx';
import type { LoginPage } from './pages/login-page.tsx';

/** A page ready to be sent. */
export interface Page {
  status: number;
  headers: Record<string, string>;
  html: string;
}

/** Turns a step of a login into its page. */
@Injectable()
export class InteractionPages {
  readonly #accounts: Accounts;
  readonly #providerHost: ProviderHost;
  readonly #secrets: ServerSecrets;
  readonly #logos: ClientLogos;
  readonly #https: boolean;
  readonly #host: string;
  /** Path of the issuer, without a slash at its end. */
  readonly #path: string;

  constructor(
    accounts: Accounts,
    providerHost: ProviderHost,
    secrets: ServerSecrets,
    logos: ClientLogos,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.#accounts = accounts;
    this.#providerHost = providerHost;
    this.#secrets = secrets;
    this.#logos = logos;
    this.#https = settings.AUTH_ISSUER.startsWith('https:');
    const issuer = new URL(settings.AUTH_ISSUER);
    this.#host = issuer.host;
    this.#path = issuer.pathname.replace(/\/$/, '');
  }

  /** The page of the step that the interaction waits at. */
  async page(interaction: Interaction, browserId: string, retry?: { email: string; problem: LoginPage['problem'] }) {
    const client = await this.#providerHost.provider.Client.find(String(interaction.params['client_id']));
    const clientName = client?.clientName;
    const token = formToken(this.#secrets.formKey, { interactionUid: interaction.uid, browserId });
    const html =
      interaction.prompt.name === 'login'
        ? this.#loginPage(interaction, clientName, token, retry)
        : await this.#approvalPage(interaction, { name: clientName, logoUri: client?.logoUri }, token);
    const hasLogo = interaction.prompt.name !== 'login';
    return { status: statusOf(retry?.problem), headers: this.#headers({ hasForm: true, hasLogo }), html };
  }

  /** A page that only says what went wrong. */
  error(status: number, words: ErrorPage['words'], link?: ErrorPage['link']): Page {
    const html = renderErrorPage({ words, host: this.#host, ...(link ? { link } : {}) });
    return { status, headers: this.#headers(), html };
  }

  /** The answer to a form that leads away from these pages, perhaps to the client. */
  goOn(url: string): Page {
    return { status: 200, headers: this.#headers(), html: renderGoOnPage({ url, host: this.#host }) };
  }

  /** Headers of an answer that only sends the browser on. */
  redirectHeaders(location: string): Record<string, string> {
    return { ...this.#headers(), location };
  }

  #headers(options: { hasForm?: boolean; hasLogo?: boolean } = {}): Record<string, string> {
    return pageHeaders({ https: this.#https, ...options });
  }

  #loginPage(
    interaction: Interaction,
    clientName: string | undefined,
    token: string,
    retry: { email: string; problem: LoginPage['problem'] } | undefined,
  ): string {
    const hint = interaction.params['login_hint'];
    return renderLoginPage({
      clientName,
      email: retry?.email ?? (typeof hint === 'string' ? hint.slice(0, 254) : ''),
      ...(retry?.problem ? { problem: retry.problem } : {}),
      formToken: token,
      host: this.#host,
    });
  }

  async #approvalPage(
    interaction: Interaction,
    client: { name: string | undefined; logoUri: string | undefined },
    token: string,
  ): Promise<string> {
    const access = accessOf(interaction);
    const sub = interaction.session?.accountId;
    const account = sub === undefined ? undefined : await this.#accounts.find(sub);
    const logo = client.logoUri === undefined ? undefined : await this.#logos.digestOf(client.logoUri);
    const approvedBefore = interaction.prompt.details['approvedBefore'] === true;
    return renderApprovalPage({
      occasion: interaction.prompt.name === 'consent' ? 'changed' : approvedBefore ? 'again' : 'first',
      clientName: client.name,
      clientLogo: logo === undefined ? undefined : `${this.#path}/client-logo/${logo}`,
      clientHost: documentHost(access.oauthClientId),
      redirectUri: access.redirectUri,
      resource: access.resource === '' ? undefined : access.resource,
      scopes: Object.keys(access.scopes),
      signedInAs: account?.email,
      formToken: token,
      host: this.#host,
    });
  }
}

/** A wrong password is a form to correct; an attempt that was not looked at tells when to come back (RFC 6585 §4). */
function statusOf(problem: LoginPage['problem']): number {
  if (!problem) return 200;
  return { refused: 422, throttled: 429, busy: 503 }[problem.kind];
}
