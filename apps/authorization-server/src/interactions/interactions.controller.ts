import { Body, Controller, Get, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BoundedAudit } from '../audit/bounded-audit.ts';
import { defaultTenant, SETTINGS } from '../config.ts';
import type { Settings } from '../config.ts';
import { ServerSecrets } from '../keys/server-secrets.ts';
import { ProviderHost } from '../provider/provider-host.ts';
import { ApprovalStep } from './approval-step.ts';
import { browserCookie, newBrowserId, readBrowserId, writeBrowserId } from './browser-cookie.ts';
import type { BrowserCookie } from './browser-cookie.ts';
import { isFormToken } from './form-token.ts';
import { interactionForm } from './interaction-form.ts';
import type { InteractionForm } from './interaction-form.ts';
import { InteractionPages } from './interaction-pages.ts';
import { LoginStep } from './login-step.ts';
import { openInteraction } from './open-interaction.ts';
import type { Interaction, OpenedInteraction } from './open-interaction.ts';
import { PageFrame, sendPage } from './page-frame.ts';
import type { Page } from './page-frame.ts';
import { textsFor } from './pages/texts.ts';
import type { Texts } from './pages/texts.ts';
import type { StepOutcome, Submission } from './step.ts';

/** The pages between an authorization request and its answer; each step of a login has a URL of its own. */
@Controller('interaction')
export class InteractionsController {
  readonly #host: ProviderHost;
  readonly #secrets: ServerSecrets;
  readonly #frame: PageFrame;
  readonly #pages: InteractionPages;
  readonly #approval: ApprovalStep;
  readonly #login: LoginStep;
  readonly #audit: BoundedAudit;
  readonly #cookie: BrowserCookie;

  constructor(
    host: ProviderHost,
    secrets: ServerSecrets,
    frame: PageFrame,
    pages: InteractionPages,
    approval: ApprovalStep,
    login: LoginStep,
    audit: BoundedAudit,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.#host = host;
    this.#secrets = secrets;
    this.#frame = frame;
    this.#pages = pages;
    this.#approval = approval;
    this.#login = login;
    this.#audit = audit;
    this.#cookie = browserCookie(settings.AUTH_ISSUER);
  }

  @Get(':uid')
  async show(@Param('uid') uid: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const texts = textsFor(request.headers['accept-language']);
    const opened = await this.#open(uid, request, reply);
    if (opened.kind !== 'open') return sendPage(reply, await this.#closedPage(texts, opened.kind));
    let browserId = readBrowserId(this.#cookie, request.headers.cookie);
    if (browserId === undefined) {
      browserId = newBrowserId();
      reply.header('set-cookie', writeBrowserId(this.#cookie, browserId));
    }
    const visitor = { browserId, address: request.ip };
    return sendPage(reply, await this.#pages.page(texts, opened.interaction, visitor));
  }

  @Post(':uid')
  async submit(
    @Param('uid') uid: string,
    @Body() body: Record<string, unknown> | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const texts = textsFor(request.headers['accept-language']);
    const opened = await this.#open(uid, request, reply);
    if (opened.kind !== 'open') return sendPage(reply, await this.#closedPage(texts, opened.kind));
    const { interaction } = opened;
    const browserId = readBrowserId(this.#cookie, request.headers.cookie);
    const { forgedForm, badForm } = texts.errors;
    const binding = browserId === undefined ? undefined : { formId: interaction.uid, browserId };
    if (!binding || !isFormToken(this.#secrets.formKey, binding, body?.['form_token'])) {
      await this.#auditRefusal({ type: 'form.refused', reason: 'forged_token' }, interaction);
      return sendPage(reply, this.#frame.error(texts, 403, forgedForm, { href: '', text: forgedForm.again }));
    }
    const form = interactionForm.safeParse(body);
    if (!form.success || !isAskedBy(interaction, form.data)) {
      return sendPage(reply, this.#frame.error(texts, 400, badForm));
    }
    const visitor = { browserId: binding.browserId, address: request.ip };
    const submission = { interaction, form: form.data, visitor };
    return await this.#answer(submission, await this.#submit(submission), { texts, request, reply });
  }

  /** The second half of a double click finds the step answered and only follows the first. */
  async #submit(submission: Submission): Promise<StepOutcome> {
    const { interaction, form } = submission;
    if (interaction.result) return { kind: 'continue', location: interaction.returnTo };
    if (form.decision === 'deny') return await this.#approval.deny(submission);
    return interaction.prompt.name === 'login'
      ? await this.#login.submit(submission)
      : await this.#approval.submit(submission);
  }

  async #answer(
    { interaction, form, visitor }: Submission,
    outcome: StepOutcome,
    { texts, request, reply }: { texts: Texts; request: FastifyRequest; reply: FastifyReply },
  ): Promise<void> {
    if (outcome.kind === 'continue') return sendPage(reply, this.#frame.goOn(texts, outcome.location));
    if (outcome.kind === 'again') return this.#frame.redirect(reply, texts, request.originalUrl);
    if ('retryAfterSeconds' in outcome) reply.header('retry-after', outcome.retryAfterSeconds);
    const retry = { email: form.email, problem: outcome };
    return sendPage(reply, await this.#pages.page(texts, interaction, visitor, retry));
  }

  #open(uid: string, request: FastifyRequest, reply: FastifyReply): Promise<OpenedInteraction> {
    return openInteraction(this.#host.provider, uid, { request: request.raw, response: reply.raw });
  }

  async #closedPage(texts: Texts, kind: 'expired' | 'other-browser'): Promise<Page> {
    const { expired, otherBrowser } = texts.errors;
    if (kind === 'expired') return this.#frame.error(texts, 410, expired);
    await this.#auditRefusal({ type: 'interaction.refused', reason: 'other_browser' });
    return this.#frame.error(texts, 400, otherBrowser);
  }

  async #auditRefusal(event: { type: string; reason: string }, interaction?: Interaction): Promise<void> {
    const oauthClientId = interaction && String(interaction.params['client_id']);
    await this.#audit.record({
      ...event,
      tenantId: defaultTenant,
      outcome: 'failure',
      ...(oauthClientId === undefined ? {} : { oauthClientId }),
    });
  }
}

const loginDecisions = new Set<InteractionForm['decision']>(['login', 'code', 'start-over']);

/** A page may only be answered with the buttons that it has. */
function isAskedBy(interaction: Interaction, form: InteractionForm): boolean {
  return form.decision === 'deny' || loginDecisions.has(form.decision) === (interaction.prompt.name === 'login');
}
