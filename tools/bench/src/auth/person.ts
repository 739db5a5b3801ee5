import { Agent, request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { createHash, randomBytes } from 'node:crypto';

/** An authorization server as its clients and their people see it. */
export interface AuthTarget {
  issuer: string;
  /** E-mails of accounts with one password: people who share an account would wait for each other's consent. */
  emails: string[];
  password: string;
  oauthClientId: string;
  redirectUri: string;
  resource: string;
  /** What an authorization request holds beside the rest. */
  parameters: Record<string, string>;
}

/** Tokens as an answer of the token endpoint holds them. */
interface Tokens {
  access_token: string;
  refresh_token: string;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

const mostPages = 12;

/** A person with a browser and a client: keeps cookies, follows redirects, fills in forms. One keep-alive connection. */
export class Person {
  readonly #target: AuthTarget;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #cookies = new Map<string, string>();

  readonly #email: string;

  /** @param index which of the people it is. */
  constructor(target: AuthTarget, index: number) {
    this.#target = target;
    this.#email = target.emails[index % target.emails.length] ?? '';
  }

  /** The whole code flow: authorization, the pages that are shown, and the exchange of the code. */
  async obtainTokens(): Promise<Tokens> {
    const { issuer, oauthClientId, redirectUri, resource, parameters } = this.#target;
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: oauthClientId,
      redirect_uri: redirectUri,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      state: 'bench',
      scope: 'mcp',
      resource,
      ...parameters,
    });
    const code = await this.#authorize(new URL(`${issuer}/auth?${query.toString()}`));
    const form = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
      resource,
    };
    return this.#askForTokens(form);
  }

  /** Exchanges a refresh token for the next. */
  async refresh(refreshToken: string): Promise<Tokens> {
    return this.#askForTokens({ grant_type: 'refresh_token', refresh_token: refreshToken });
  }

  close(): void {
    this.#agent.destroy();
  }

  async #authorize(start: URL): Promise<string> {
    let url = start;
    let form: URLSearchParams | undefined;
    for (let page = 0; page < mostPages; page += 1) {
      const answer = await this.#send(url, form);
      const location = answer.headers.location ?? refreshOf(answer.text);
      form = location === undefined ? fillForm(answer, this.#email, this.#target.password) : undefined;
      if (location === undefined) continue;
      url = new URL(location, url);
      if (url.origin === start.origin) continue;
      const code = url.searchParams.get('code');
      if (code !== null) return code;
      throw new Error(`no code: ${url.search}`);
    }
    throw new Error(`the pages do not end at ${url.pathname}`);
  }

  async #askForTokens(form: Record<string, string>): Promise<Tokens> {
    const { issuer, oauthClientId } = this.#target;
    const answer = await this.#send(
      new URL(`${issuer}/token`),
      new URLSearchParams({ ...form, client_id: oauthClientId }),
    );
    if (answer.status === 200) return JSON.parse(answer.text) as Tokens;
    throw new Error(`the token endpoint answered ${answer.status}: ${answer.text}`);
  }

  #send(url: URL, form?: URLSearchParams): Promise<Answer> {
    const body = form?.toString();
    // The token endpoint is asked by the client, which is no browser.
    const asBrowser = {
      accept: 'text/html',
      origin: url.origin,
      cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    };
    const sender = url.pathname === '/token' ? { accept: 'application/json' } : asBrowser;
    const content =
      body === undefined
        ? {}
        : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        url,
        {
          agent: this.#agent,
          method: body === undefined ? 'GET' : 'POST',
          headers: { ...sender, ...content },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            this.#keep(response.headers['set-cookie'] ?? []);
            const text = Buffer.concat(chunks).toString('utf8');
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
          });
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }

  #keep(cookies: string[]): void {
    for (const cookie of cookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (/expires=Thu, 01 Jan 1970|max-age=0/i.test(cookie)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
}

function refreshOf(html: string): string | undefined {
  return /<meta http-equiv="refresh" content="0; url=([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&');
}

/** As a person does who agrees. */
function fillForm({ status, text }: Answer, email: string, password: string): URLSearchParams {
  const token = /name="form_token" value="([^"]*)"/.exec(text)?.[1];
  if (status !== 200 || token === undefined) throw new Error(`no form but ${status}: ${text.slice(0, 500)}`);
  const isLogin = text.includes('name="password"');
  return new URLSearchParams({
    form_token: token,
    ...(isLogin ? { decision: 'login', email, password } : { decision: 'approve' }),
  });
}
