import { Body, Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BoundedAudit } from '../audit/bounded-audit.ts';
import { defaultTenant } from '../config.ts';
import { isFormToken } from '../interactions/form-token.ts';
import { PageFrame, sendPage } from '../interactions/page-frame.ts';
import { ServerSecrets } from '../keys/server-secrets.ts';
import { ProviderHost } from '../provider/provider-host.ts';
import { sendSession, storeSession } from '../sessions/session-cookie.ts';
import { AccountActions } from './account-actions.ts';
import { accountForm, signInDecisions } from './account-form.ts';
import type { AccountForm } from './account-form.ts';
import { AccountPages } from './account-pages.ts';
import { AccountSignIn } from './account-sign-in.ts';
import { AccountVisits, formIdOf } from './account-visit.ts';
import type { AccountVisit, OwnerVisit } from './account-visit.ts';

/** The account page: one URL, which shows a sign-in to whoever is not signed in. */
@Controller('account')
export class AccountController {
  readonly #host: ProviderHost;
  readonly #secrets: ServerSecrets;
  readonly #frame: PageFrame;
  readonly #visits: AccountVisits;
  readonly #signIn: AccountSignIn;
  readonly #actions: AccountActions;
  readonly #pages: AccountPages;
  readonly #audit: BoundedAudit;

  constructor(
    host: ProviderHost,
    secrets: ServerSecrets,
    frame: PageFrame,
    visits: AccountVisits,
    signIn: AccountSignIn,
    actions: AccountActions,
    pages: AccountPages,
    audit: BoundedAudit,
  ) {
    this.#host = host;
    this.#secrets = secrets;
    this.#frame = frame;
    this.#visits = visits;
    this.#signIn = signIn;
    this.#actions = actions;
    this.#pages = pages;
    this.#audit = audit;
  }

  @Get()
  async show(@Query('done') done: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.#visits.read(request, reply);
    this.#visits.welcome(visit);
    const before = { done: typeof done === 'string' ? done : undefined };
    if (!isOwner(visit)) return sendPage(reply, await this.#pages.signIn(visit, before));
    await storeSession(visit.session);
    sendSession(this.#host.provider, visit.exchange, visit.session);
    return sendPage(reply, await this.#pages.account(visit, before));
  }

  @Post()
  async submit(
    @Body() body: Record<string, unknown> | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const visit = await this.#visits.read(request, reply);
    const { texts } = visit;
    const form = accountForm.safeParse(body);
    const isSignIn = form.success && signInDecisions.has(form.data.decision);
    // The second half of a double click on a sign-in finds its form answered.
    const asked = isSignIn ? { ...visit, account: undefined } : visit;
    if (!this.#isGenuine(asked, body)) {
      await this.#audit.record({
        type: 'form.refused',
        reason: 'forged_token',
        tenantId: defaultTenant,
        outcome: 'failure',
        ...(visit.account ? { onBehalfOf: visit.account.sub } : {}),
      });
      const { forgedForm } = texts.errors;
      const link = { href: this.#pages.path, text: forgedForm.again };
      return sendPage(reply, this.#frame.error(texts, 403, forgedForm, link));
    }
    if (!form.success) return sendPage(reply, this.#frame.error(texts, 400, texts.errors.badForm));
    if (isSignIn) return await this.#answerSignIn(visit, form.data, reply);
    if (!isOwner(visit)) return this.#frame.redirect(reply, texts, this.#pages.path);
    return await this.#answerAction(visit, form.data, reply);
  }

  async #answerSignIn(visit: AccountVisit, form: AccountForm, reply: FastifyReply): Promise<void> {
    const { texts } = visit;
    const outcome = isOwner(visit) ? undefined : await this.#signIn.submit(visit, form);
    if (
      !outcome ||
      outcome.kind === 'signed-in' ||
      outcome.kind === 'code-awaited' ||
      outcome.kind === 'started-over'
    ) {
      return this.#frame.redirect(reply, texts, this.#pages.path);
    }
    if ('retryAfterSeconds' in outcome) reply.header('retry-after', outcome.retryAfterSeconds);
    return sendPage(reply, await this.#pages.signIn(visit, { email: form.email, problem: outcome }));
  }

  async #answerAction(visit: OwnerVisit, form: AccountForm, reply: FastifyReply): Promise<void> {
    const outcome = await this.#actions.perform(visit, form);
    if (outcome.kind === 'done') {
      return this.#frame.redirect(reply, visit.texts, `${this.#pages.path}?done=${outcome.done}`);
    }
    if ('problem' in outcome && outcome.problem && 'retryAfterSeconds' in outcome.problem) {
      reply.header('retry-after', outcome.problem.retryAfterSeconds);
    }
    return sendPage(reply, await this.#pages.outcome(visit, outcome));
  }

  #isGenuine(visit: AccountVisit, body: Record<string, unknown> | undefined): boolean {
    const binding = { formId: formIdOf(visit), browserId: visit.browserId };
    return visit.isKnownBrowser && isFormToken(this.#secrets.formKey, binding, body?.['form_token']);
  }
}

function isOwner(visit: AccountVisit): visit is OwnerVisit {
  return visit.account !== undefined;
}
