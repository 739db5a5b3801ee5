import type { IncomingHttpHeaders } from 'node:http';
import { Browser } from './browser.ts';
import type { McpClient } from './mcp-client.ts';
import { administrator } from './issuer.ts';

/** What a browser shows. */
export interface Page {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** Where the browser is; after a redirect to the client, where that goes. */
  url: URL;
}

/** Opens a URL and follows redirects until a page, or until they leave the issuer. */
export async function show(browser: Browser, href: string, fields?: Record<string, string>): Promise<Page> {
  const form = fields && new URLSearchParams(fields).toString();
  const { answer, url } = await browser.open(href, form);
  return { status: answer.status, headers: answer.headers, body: answer.text, url };
}

/** Sends a form, or whatever `content` is, and follows nothing. */
export async function post(
  browser: Browser,
  page: Page,
  content: Record<string, string> | string,
  type?: string,
): Promise<Page> {
  const body = typeof content === 'string' ? content : new URLSearchParams(content).toString();
  const answer = await browser.load(page.url, body, type);
  return { status: answer.status, headers: answer.headers, body: answer.text, url: page.url };
}

/** The page that an authorization request of this client begins with, or the client's answer. */
export async function begin(
  browser: Browser,
  client: McpClient,
  parameters: Record<string, string> = {},
): Promise<Page> {
  return await show(browser, client.authorizationUrl(parameters));
}

/** Presses a button of the approval page. */
export async function decide(
  browser: Browser,
  page: Page,
  decision: 'approve' | 'deny' | 'other-account' = 'approve',
): Promise<Page> {
  return await show(browser, page.url.href, { form_token: formTokenOf(page), decision });
}

/** Fills in the login page. */
export async function login(
  browser: Browser,
  page: Page,
  account: { email: string; password: string } = administrator,
): Promise<Page> {
  const { email, password } = account;
  return await show(browser, page.url.href, { form_token: formTokenOf(page), decision: 'login', email, password });
}

/** The hidden token of the form on a page. */
export function formTokenOf(page: Page): string {
  return /name="form_token" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
}

export function isLoginPage(page: Page): boolean {
  return page.status === 200 && page.body.includes('<h1>Sign in</h1>');
}

export function isApprovalPage(page: Page): boolean {
  return page.status === 200 && page.body.includes('value="approve"');
}
