import type { FastifyReply, FastifyRequest } from 'fastify';
import { pageHeaders } from './page-headers.ts';
import { renderErrorPage } from './pages/error-page.tsx';
import { textsFor } from './pages/texts.ts';

/** Fastify's `frameworkErrors`: a path that its router cannot read is answered with a page, as every other one is. */
export function answerUnroutable(issuer: string) {
  const { host, protocol } = new URL(issuer);
  return (error: { statusCode?: number }, request: FastifyRequest, reply: FastifyReply): void => {
    const texts = textsFor(request.headers['accept-language']);
    const html = renderErrorPage({ texts, words: texts.errors.notFound, host });
    void reply
      .code(error.statusCode ?? 400)
      .headers(pageHeaders({ https: protocol === 'https:', language: texts.language }))
      .send(html);
  };
}
