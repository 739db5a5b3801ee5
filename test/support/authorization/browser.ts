import type { HttpAnswer } from './http.ts';
import { administrator } from './issuer.ts';
import type { Issuer } from './issuer.ts';

/** Where an answer sends the browser, by redirect or by the page that follows a form. */
export function sentTo(answer: { headers: HttpAnswer['headers']; text: string }): string | undefined {
  const refresh = /<meta http-equiv="refresh" content="0; url=([^"]+)"/.exec(answer.text)?.[1];
  return answer.headers.location ?? refresh?.replaceAll('&amp;', '&');
}

/** A person's browser: keeps cookies, follows redirects inside the issuer, fills in the forms. */
export class Browser {
  readonly #issuer: Issuer;
  readonly #headers: Record<string, string>;
  readonly #cookies = new Map<string, { value: string; path: string }>();

  /** @param headers what this browser says of itself in every request. */
  constructor(issuer: Issuer, headers: Record<string, string> = {}) {
    this.#issuer = issuer;
    this.#headers = headers;
  }

  /** A browser with the same cookies: a second tab, or a thief who copied them. */
  copy(): Browser {
    const copy = new Browser(this.#issuer, this.#headers);
    for (const [key, cookie] of this.#cookies) copy.#cookies.set(key, cookie);
    return copy;
  }

  /** The value of a cookie, on whatever path. */
  cookie(name: string): string | undefined {
    const pair = [...this.#cookies.values()].find(({ value }) => value.startsWith(`${name}=`))?.value;
    return pair?.slice(name.length + 1);
  }

  /** Forgets the cookies whose name matches. */
  forget(name: RegExp): void {
    for (const [key, { value }] of this.#cookies) if (name.test(value.split('=')[0] ?? '')) this.#cookies.delete(key);
  }

  /** Opens an authorization URL, approves and signs in where asked, and returns where the browser is sent at last. */
  async authorize(url: string, person = administrator): Promise<URL> {
    let { answer, url: at } = await this.open(url);
    for (let page = 0; page < 6; page++) {
      if (at.origin !== new URL(this.#issuer.issuer).origin) return at;
      if (answer.status !== 200) throw new Error(`${at.pathname} answered ${answer.status}: ${answer.text}`);
      const token = /name="form_token" value="([^"]+)"/.exec(answer.text)?.[1];
      if (token === undefined) throw new Error(`no form on ${at.pathname}: ${answer.text}`);
      const isLogin = answer.text.includes('name="password"');
      const fields = isLogin
        ? { form_token: token, decision: 'login', ...person }
        : { form_token: token, decision: 'approve' };
      ({ answer, url: at } = await this.open(at.href, new URLSearchParams(fields).toString()));
    }
    throw new Error('the pages never end');
  }

  /** Loads a page, following redirects until one leaves the issuer. */
  async open(href: string, form?: string): Promise<{ answer: HttpAnswer; url: URL }> {
    let url = this.urlOf(href);
    let body = form;
    for (let hop = 0; hop < 10; hop++) {
      const answer = await this.load(url, body);
      const location = sentTo(answer);
      if (location === undefined) return { answer, url };
      const next = new URL(location, url);
      if (next.origin !== url.origin) return { answer, url: next };
      url = next;
      body = undefined;
    }
    throw new Error('the redirects never end');
  }

  /** @param href absolute, or below the issuer's origin. */
  urlOf(href: string): URL {
    return new URL(href, this.#issuer.issuer);
  }

  /** Loads one page without following anything. */
  async load(url: URL, form?: string, type = 'application/x-www-form-urlencoded'): Promise<HttpAnswer> {
    const answer = await this.#issuer.send(`${url.pathname}${url.search}`, {
      method: form === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'text/html',
        ...this.#headers,
        cookie: this.#cookiesFor(url.pathname),
        ...(form === undefined ? {} : { 'content-type': type, origin: url.origin }),
      },
      ...(form === undefined ? {} : { body: form }),
    });
    for (const cookie of answer.headers['set-cookie'] ?? []) this.#keep(cookie, url.pathname);
    return answer;
  }

  #keep(cookie: string, requestPath: string): void {
    const [pair = '', ...attributes] = cookie.split(';').map((part) => part.trim());
    const at = pair.indexOf('=');
    const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? requestPath;
    const isExpired = attributes.some(
      (attribute) => /^expires=/i.test(attribute) && Date.parse(attribute.slice(8)) < Date.now(),
    );
    const key = `${pair.slice(0, at)} ${path}`;
    if (isExpired) this.#cookies.delete(key);
    else this.#cookies.set(key, { value: pair, path });
  }

  #cookiesFor(pathname: string): string {
    return [...this.#cookies.values()]
      .filter(({ path }) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`))
      .map(({ value }) => value)
      .join('; ');
  }
}
