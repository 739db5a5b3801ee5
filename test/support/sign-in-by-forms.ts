import type { SignIn } from './browser.ts';

const mostPages = 12;

/** A browser's memory of one origin. */
class Cookies {
  readonly #values = new Map<string, string>();

  take(response: Response): void {
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (/expires=Thu, 01 Jan 1970|max-age=0/i.test(cookie)) this.#values.delete(name);
      else this.#values.set(name, value);
    }
  }

  get header(): string {
    return [...this.#values].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}

/**
 * Approves and signs in by the pages' forms alone, for tests that need a token and no browser.
 * @returns the parameters with which the authorization server sends the browser back to the client.
 */
export async function signInByForms(authorizationUrl: URL, signIn: SignIn): Promise<URLSearchParams> {
  const cookies = new Cookies();
  let url = authorizationUrl;
  let form: URLSearchParams | undefined;
  for (let page = 0; page < mostPages; page += 1) {
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: cookies.header, origin: authorizationUrl.origin },
      ...(form ? { body: form } : {}),
    });
    cookies.take(response);
    const html = await response.text();
    const location = response.headers.get('location') ?? refreshOf(html);
    if (location === undefined) {
      form = fillForm(html, signIn);
      continue;
    }
    url = new URL(location, url);
    form = undefined;
    if (url.origin !== authorizationUrl.origin) return url.searchParams;
  }
  throw new Error(`the authorization server did not come to an end at ${url.href}`);
}

/** Where the page that follows a form sends the browser. */
function refreshOf(html: string): string | undefined {
  return /<meta http-equiv="refresh" content="0; url=([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&');
}

/** Fills the one form of a page as a person would who agrees. */
function fillForm(html: string, signIn: SignIn): URLSearchParams {
  const fields = new URLSearchParams();
  for (const [, attributes = ''] of html.matchAll(/<input\b([^>]*)>/g)) {
    const name = attributeOf(attributes, 'name');
    const type = attributeOf(attributes, 'type');
    if (type === 'hidden') fields.set(name, attributeOf(attributes, 'value'));
    if (type === 'email') fields.set(name, signIn.email);
    if (type === 'password') fields.set(name, signIn.password);
  }
  const [, firstButton = ''] = /<button\b([^>]*)>/.exec(html) ?? [];
  if (firstButton !== '') fields.set(attributeOf(firstButton, 'name'), attributeOf(firstButton, 'value'));
  if (fields.size === 0) throw new Error(`there is no form in ${html.slice(0, 2_000)}`);
  return fields;
}

function attributeOf(attributes: string, name: string): string {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? '';
}
