import { Catch, HttpException, Inject } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { Logger } from '@gatehouse/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errors } from 'oidc-provider';
import { LOGGER } from '../config.ts';
import { currentRequest } from '../entrance/request-context.ts';
import { reportFailedRequest } from '../events.ts';
import { InteractionPages } from './interaction-pages.ts';
import { texts } from './pages/texts.ts';

/** Everything that Nest serves is a page, so every failure is one too; ours is logged once, here. */
@Catch()
export class PageErrorFilter implements ExceptionFilter {
  readonly #pages: InteractionPages;
  readonly #logger: Logger;

  constructor(pages: InteractionPages, @Inject(LOGGER) logger: Logger) {
    this.#pages = pages;
    this.#logger = logger;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const status = statusOf(error);
    if (status === 500) this.#report(error, request);
    const { status: code, headers, html } = this.#pages.error(status, wordsFor(error, status));
    reply.code(code).headers(headers).send(html);
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

function wordsFor(error: unknown, status: number) {
  const { server, notFound, badForm, generic } = texts.errors;
  // The metadata document of the client was withdrawn while the person was at a page.
  if (error instanceof errors.InvalidClient) return generic;
  if (status === 500) return server;
  return status === 404 ? notFound : badForm;
}
