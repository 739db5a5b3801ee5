import { Injectable } from '@nestjs/common';
import { Accounts } from '../accounts/accounts.ts';
import { Login } from '../accounts/login.ts';
import { documentHost } from '../clients/documents/client-id-url.ts';
import { ClientLogos } from '../clients/logos/client-logos.ts';
import { ServerSecrets } from '../keys/server-secrets.ts';
import { ProviderHost } from '../provider/provider-host.ts';
import { accessOf } from './approval-step.ts';
import { formToken } from './form-token.ts';
import { visitOf } from './login-step.ts';
import type { Interaction } from './open-interaction.ts';
import { PageFrame } from './page-frame.ts';
import type { Page } from './page-frame.ts';
import { renderApprovalPage } from './pages/approval-page.tsx';
import { displayClientName } from './pages/client-name.ts';
import { renderCodePage } from './pages/code-page.tsx';
import { renderLoginPage } from './pages/login-page.tsx';
import { statusOfProblem } from './pages/problem.tsx';
import type { PageProblem } from './pages/problem.tsx';
import type { Texts } from './pages/texts.ts';
import type { Visitor } from './step.ts';

/** What every page of an interaction is made from. */
interface Look {
  texts: Texts;
  interaction: Interaction;
  client: { name: string | undefined; logoUri: string | undefined };
  formToken: string;
  /** The form that comes back with what was wrong in it. */
  retry: { email: string; problem: PageProblem } | undefined;
}

/** Turns a step of a login into its page. */
@Injectable()
export class InteractionPages {
  readonly #frame: PageFrame;
  readonly #accounts: Accounts;
  readonly #login: Login;
  readonly #providerHost: ProviderHost;
  readonly #secrets: ServerSecrets;
  readonly #logos: ClientLogos;

  constructor(
    frame: PageFrame,
    accounts: Accounts,
    login: Login,
    providerHost: ProviderHost,
    secrets: ServerSecrets,
    logos: ClientLogos,
  ) {
    this.#frame = frame;
    this.#accounts = accounts;
    this.#login = login;
    this.#providerHost = providerHost;
    this.#secrets = secrets;
    this.#logos = logos;
  }

  /** The page of the step that the interaction waits at. */
  async page(texts: Texts, interaction: Interaction, visitor: Visitor, retry?: Look['retry']): Promise<Page> {
    const client = await this.#providerHost.provider.Client.find(String(interaction.params['client_id']));
    const look: Look = {
      texts,
      interaction,
      client: { name: client?.clientName, logoUri: client?.logoUri },
      formToken: formToken(this.#secrets.formKey, { formId: interaction.uid, browserId: visitor.browserId }),
      retry,
    };
    const isLogin = interaction.prompt.name === 'login';
    const html = isLogin ? await this.#loginPage(look, visitor) : await this.#approvalPage(look);
    const headers = this.#frame.headers(texts, { hasForm: true, hasLogo: !isLogin });
    return { status: statusOfProblem(retry?.problem), headers, html };
  }

  async #loginPage(look: Look, visitor: Visitor): Promise<string> {
    const { texts, interaction, client, retry, ...page } = look;
    const common = { ...page, texts, host: this.#frame.host, ...(retry ? { problem: retry.problem } : {}) };
    const awaited = await this.#login.awaited(visitOf(interaction, visitor));
    if (awaited) return renderCodePage({ ...common, email: awaited.email });
    const hint = interaction.params['login_hint'];
    return renderLoginPage({
      ...common,
      purpose: texts.login.purpose(displayClientName(client.name, texts)),
      email: retry?.email ?? (typeof hint === 'string' ? hint.slice(0, 254) : ''),
      isCancellable: true,
    });
  }

  async #approvalPage({ texts, interaction, client, formToken: token }: Look): Promise<string> {
    const access = accessOf(interaction);
    const sub = interaction.session?.accountId;
    const account = sub === undefined ? undefined : await this.#accounts.find(sub);
    const logo = client.logoUri === undefined ? undefined : await this.#logos.digestOf(client.logoUri);
    const approvedBefore = interaction.prompt.details['approvedBefore'] === true;
    return renderApprovalPage({
      texts,
      occasion: interaction.prompt.name === 'consent' ? 'changed' : approvedBefore ? 'again' : 'first',
      clientName: client.name,
      clientLogo: logo === undefined ? undefined : `${this.#frame.path}/client-logo/${logo}`,
      clientHost: documentHost(access.oauthClientId),
      redirectUri: access.redirectUri,
      resource: access.resource === '' ? undefined : access.resource,
      scopes: Object.keys(access.scopes),
      signedInAs: account?.email,
      formToken: token,
      host: this.#frame.host,
    });
  }
}
