import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { SETTINGS } from '../config.ts';
import type { Settings } from '../config.ts';
import { pageHeaders } from './page-headers.ts';
import { renderErrorPage } from './pages/error-page.tsx';
import type { ErrorPage } from './pages/error-page.tsx';
import { renderGoOnPage } from './pages/go-on-page.tsx';
import type { Texts } from './pages/texts.ts';

/** A page ready to be sent. */
export interface Page {
  status: number;
  headers: Record<string, string>;
  html: string;
}

/** What all pages of this issuer have in common: their headers, and the pages without a form. */
@Injectable()
export class PageFrame {
  /** Host of this server. */
  readonly host: string;
  /** Path of the issuer, without a slash at its end. */
  readonly path: string;
  readonly #https: boolean;

  constructor(@Inject(SETTINGS) settings: Settings) {
    const issuer = new URL(settings.AUTH_ISSUER);
    this.host = issuer.host;
    this.path = issuer.pathname.replace(/\/$/, '');
    this.#https = issuer.protocol === 'https:';
  }

  headers(texts: Texts, options: { hasForm?: boolean; hasLogo?: boolean } = {}): Record<string, string> {
    return pageHeaders({ https: this.#https, language: texts.language, ...options });
  }

  /** A page that only says what went wrong. */
  error(texts: Texts, status: number, words: ErrorPage['words'], link?: ErrorPage['link']): Page {
    const html = renderErrorPage({ texts, words, host: this.host, ...(link ? { link } : {}) });
    return { status, headers: this.headers(texts), html };
  }

  /** The answer to a form that leads away from these pages, perhaps to the client. */
  goOn(texts: Texts, url: string): Page {
    return { status: 200, headers: this.headers(texts), html: renderGoOnPage({ texts, url, host: this.host }) };
  }

  /** Sends the browser to another page of ours, which it loads with GET. */
  redirect(reply: FastifyReply, texts: Texts, location: string): void {
    reply.code(303).headers(this.headers(texts)).header('location', location).send();
  }
}

export function sendPage(reply: FastifyReply, page: Page): void {
  reply.code(page.status).headers(page.headers).send(page.html);
}
