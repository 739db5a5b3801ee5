import { hash, randomBytes } from 'node:crypto';
import { Browser } from './browser.ts';
import { jsonOf } from './http.ts';
import type { HttpAnswer } from './http.ts';
import { gatewayUrl } from './issuer.ts';
import type { Issuer } from './issuer.ts';

export const callback = 'http://127.0.0.1:33418/callback';
export const resource = `${gatewayUrl}/mcp`;

export interface TokenAnswer {
  access_token: string;
  refresh_token: string;
  token_type: string;
  expires_in: number;
  scope: string;
}

/** An MCP client that registers itself: what it sends is what the official SDKs send. */
export class McpClient {
  readonly #issuer: Issuer;
  readonly #base: string;
  /** One person's browser, who signs in once. */
  readonly #browser: Browser;
  readonly oauthClientId: string;
  readonly verifier = randomBytes(32).toString('base64url');

  private constructor(issuer: Issuer, oauthClientId: string, browser = new Browser(issuer)) {
    this.#issuer = issuer;
    this.#browser = browser;
    this.#base = new URL(issuer.issuer).pathname.replace(/\/$/, '');
    this.oauthClientId = oauthClientId;
  }

  static async register(issuer: Issuer, metadata: Record<string, unknown> = {}, browser?: Browser): Promise<McpClient> {
    const answer = await registerClient(issuer, {
      client_name: 'Test client',
      redirect_uris: [callback],
      ...metadata,
    });
    if (answer.status !== 201) throw new Error(`registration answered ${answer.status}: ${answer.text}`);
    return new McpClient(issuer, (jsonOf(answer) as { client_id: string }).client_id, browser);
  }

  /** A client that is registered already. */
  static of(issuer: Issuer, oauthClientId: string, browser?: Browser): McpClient {
    return new McpClient(issuer, oauthClientId, browser);
  }

  /** The authorization URL; a parameter that is given as undefined is left out. */
  authorizationUrl(parameters: Record<string, string | undefined> = {}): string {
    const all: Record<string, string | undefined> = {
      response_type: 'code',
      client_id: this.oauthClientId,
      redirect_uri: callback,
      code_challenge: hash('sha256', this.verifier, 'base64url'),
      code_challenge_method: 'S256',
      state: 'state of the client',
      scope: 'mcp',
      resource,
      ...parameters,
    };
    const present = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return `${this.#issuer.issuer}/auth?${new URLSearchParams(present).toString()}`;
  }

  /** Goes through the browser and returns the parameters of the redirect back. */
  async authorize(
    parameters: Record<string, string | undefined> = {},
    browser = this.#browser,
  ): Promise<URLSearchParams> {
    return (await browser.authorize(this.authorizationUrl(parameters))).searchParams;
  }

  async obtainCode(parameters: Record<string, string | undefined> = {}): Promise<string> {
    const answer = await this.authorize(parameters);
    const code = answer.get('code');
    if (code === null) throw new Error(`no code: ${answer.toString()}`);
    return code;
  }

  redeem(code: string, parameters: Record<string, string> = {}): Promise<HttpAnswer> {
    const form = { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: this.verifier };
    return this.postForm('/token', { ...form, client_id: this.oauthClientId, ...parameters });
  }

  refresh(refreshToken: string, parameters: Record<string, string> = {}): Promise<HttpAnswer> {
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: this.oauthClientId };
    return this.postForm('/token', { ...form, ...parameters });
  }

  async obtainTokens(parameters: Record<string, string | undefined> = {}): Promise<TokenAnswer> {
    const answer = await this.redeem(await this.obtainCode(parameters), { resource });
    if (answer.status !== 200) throw new Error(`the token endpoint answered ${answer.status}: ${answer.text}`);
    return jsonOf(answer) as TokenAnswer;
  }

  postForm(
    path: string,
    form: Record<string, string> | string,
    headers: Record<string, string> = {},
  ): Promise<HttpAnswer> {
    return this.#issuer.send(`${this.#base}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
    });
  }
}

export function registerClient(issuer: Issuer, metadata: unknown): Promise<HttpAnswer> {
  const base = new URL(issuer.issuer).pathname.replace(/\/$/, '');
  return issuer.send(`${base}/reg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(metadata),
  });
}

/** Header and claims of a JWT, unverified. */
export function decodeJwt(token: string): { header: Record<string, unknown>; claims: Record<string, unknown> } {
  const [header = '', claims = ''] = token.split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
  return { header: read(header), claims: read(claims) };
}
