import { Catch, HttpException, Inject } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { Logger } from '@gatehouse/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errors } from 'oidc-provider';
import { LOGGER } from '../config.ts';
import { currentRequest } from '../entrance/request-context.ts';
import { reportFailedRequest } from '../events.ts';
import { PageFrame, sendPage } from './page-frame.ts';
import { textsFor } from './pages/texts.ts';
import type { Texts } from './pages/texts.ts';

/** Everything that Nest serves is a page, so every failure is one too; ours is logged once, here. */
@Catch()
export class PageErrorFilter implements ExceptionFilter {
  readonly #frame: PageFrame;
  readonly #logger: Logger;

  constructor(frame: PageFrame, @Inject(LOGGER) logger: Logger) {
    this.#frame = frame;
    this.#logger = logger;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const status = statusOf(error);
    if (status === 500) this.#report(error, request);
    const texts = textsFor(request.headers['accept-language']);
    const account = { href: `${this.#frame.path}/account`, text: texts.account.title };
    const words = wordsFor(error, status, texts);
    sendPage(reply, this.#frame.error(texts, status, words, status === 404 ? account : undefined));
  }

  #report(error: unknown, request: FastifyRequest): void {
    const traceId = currentRequest()?.traceId;
    const path = request.routeOptions.url ?? '';
    reportFailedRequest(this.#logger, { err: error, path, ...(traceId === undefined ? {} : { traceId }) });
  }
}

/** Nest's exceptions and Fastify's errors about the request carry a status; anything else is our fault. */
function statusOf(error: unknown): number {
  const status = error instanceof HttpException ? error.getStatus() : (error as { statusCode?: unknown }).statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}

function wordsFor(error: unknown, status: number, texts: Texts) {
  const { server, notFound, badForm, generic } = texts.errors;
  // The metadata document of the client was withdrawn while the person was at a page.
  if (error instanceof errors.InvalidClient) return generic;
  if (status === 500) return server;
  return status === 404 ? notFound : badForm;
}
