import { beforeEach, describe, expect, it } from 'vitest';
import { Browser } from '../../support/authorization/browser.ts';
import { callback } from '../../support/authorization/mcp-client.ts';
import {
  begin,
  decide,
  formTokenOf,
  isApprovalPage,
  isLoginPage,
  login,
  post,
  show,
} from '../../support/authorization/pages.ts';
import type { Page } from '../../support/authorization/pages.ts';
import { atEachAuthorizationServer, stack } from '../stack/running-stack.ts';

let browser: Browser;

beforeEach(() => {
  browser = new Browser(stack());
});

/** The approval page of a new authorization. */
async function start(visitor = browser): Promise<Page> {
  const page = await begin(visitor, stack().client);
  expect(isApprovalPage(page)).toBe(true);
  return page;
}

describe('a consent', () => {
  it.each<[string, (page: Page) => Promise<string>]>([
    ['without its token', () => Promise.resolve('decision=approve')],
    ['with an empty token', () => Promise.resolve('decision=approve&form_token=')],
    ['with a made-up token', () => Promise.resolve(`decision=approve&form_token=${'A'.repeat(43)}`)],
    [
      'with its token twice',
      async (page) => `decision=approve&form_token=${formTokenOf(page)}&form_token=${formTokenOf(page)}`,
    ],
    [
      'with the token of another page of the same browser',
      async () => `decision=approve&form_token=${formTokenOf(await start())}`,
    ],
    [
      'with the token of another browser',
      async () => `decision=approve&form_token=${formTokenOf(await start(new Browser(stack())))}`,
    ],
  ])('%s is answered 403, and changes nothing', async (_what, formOf) => {
    const page = await start();
    const form = await formOf(page);
    for (let replica = 0; replica < 2; replica++) expect((await post(browser, page, form)).status).toBe(403);
    expect(isApprovalPage(await show(browser, page.url.href))).toBe(true);
    expect(isLoginPage(await decide(browser, page))).toBe(true);
  });

  it('from another session is answered 403, be it with the cookies of the page', async () => {
    const page = await start();
    const thief = browser.copy();
    thief.forget(/browser/);
    await start(thief);
    const answer = await post(thief, page, { form_token: formTokenOf(page), decision: 'approve' });
    expect(answer.status).toBe(403);
  });

  it('is not given by a link', async () => {
    const page = await start();
    const link = `${page.url.href}?decision=approve&form_token=${formTokenOf(page)}`;
    expect(isApprovalPage(await show(browser, link))).toBe(true);
  });

  it('cannot be framed, nor can any other page', async () => {
    const approval = await start();
    const pages = [
      approval,
      await show(browser, approval.url.href),
      await decide(browser, approval),
      await show(browser, '/auth?client_id=nobody&response_type=code'),
      await show(browser, '/interaction/nothing'),
      await show(browser, '/nothing'),
    ];
    for (const { headers } of pages) {
      expect(headers['x-frame-options']).toBe('DENY');
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    }
  });
});

describe('a client that is new to a person who is signed in', () => {
  it('gets a code after the person has agreed, and not before', async () => {
    const { person } = stack();
    await stack().client.authorize();
    for (const redirectUri of [callback, 'https://client.example/callback']) {
      const stranger = await stack().register({ client_name: 'Stranger', redirect_uris: [redirectUri] });
      const page = await begin(person, stranger, { redirect_uri: redirectUri });
      expect([isApprovalPage(page), page.url.origin]).toEqual([true, stack().issuer]);
      expect(page.body).toContain('Stranger');
      const silent = await begin(person, stranger, { redirect_uri: redirectUri, prompt: 'none' });
      expect(silent.url.searchParams.get('error')).toBe('consent_required');
      const answer = await decide(person, page);
      expect(answer.url.searchParams.get('code')).toEqual(expect.any(String));
    }
  });
});

describe('a session', () => {
  it('has another id after each login, and the one before is worth nothing', async () => {
    await login(browser, await decide(browser, await start()));
    const before = browser.cookie('gatehouse_session');
    const planted = browser.copy();
    const page = await begin(browser, stack().client, { prompt: 'login' });
    const signIn = isLoginPage(page) ? page : await decide(browser, page);
    expect(isLoginPage(signIn)).toBe(true);
    await login(browser, signIn);
    expect(before).toEqual(expect.any(String));
    expect(browser.cookie('gatehouse_session')).not.toBe(before);
    for (let replica = 0; replica < 2; replica++) {
      const stale = await begin(planted, stack().client, { prompt: 'none' });
      expect(stale.url.searchParams.get('error')).toBe('login_required');
    }
  });

  it('that was planted before a login is not the one after it', async () => {
    const page = await decide(browser, await start());
    const planted = browser.copy();
    await login(browser, page);
    const stale = await begin(planted, stack().client, { prompt: 'none' });
    expect(stale.url.searchParams.get('error')).toBe('login_required');
  });
});

describe('an interaction of another browser', () => {
  it('is answered 400, to be seen and to be answered', async () => {
    const page = await start();
    const other = new Browser(stack());
    await start(other);
    const form = { form_token: formTokenOf(page), decision: 'approve' };
    for (let replica = 0; replica < 2; replica++) {
      const answers = [await show(other, page.url.href), await post(other, page, form)];
      for (const answer of answers) {
        expect(answer.status).toBe(400);
        expect(answer.body).toContain('<h1>This page belongs to another browser</h1>');
      }
    }
    expect(isLoginPage(await decide(browser, page))).toBe(true);
  });
});

describe('a link that would send a browser elsewhere', () => {
  const evil = 'https://evil.example/';
  const encoded = encodeURIComponent(evil);

  it.each([
    `/session/end?post_logout_redirect_uri=${encoded}`,
    `/session/end?post_logout_redirect_uri=${encoded}&client_id=CLIENT`,
    `/session/end/confirm?post_logout_redirect_uri=${encoded}`,
    `/interaction/nothing?redirect_uri=${encoded}&returnTo=${encoded}`,
    `/interaction/${encoded}`,
    `/auth/nothing?redirect_uri=${encoded}`,
    `/auth?client_id=CLIENT&response_type=code&redirect_uri=${encoded}`,
    `//evil.example/`,
    `/\\evil.example/`,
    `/%2f%2fevil.example/`,
  ])('is refused with a page: %s', async (link) => {
    const target = link.replace('CLIENT', stack().client.oauthClientId);
    await atEachAuthorizationServer(async (replica) => {
      for (const method of ['GET', 'POST']) {
        const answer = await replica.send(target, { method, headers: { accept: 'text/html' } });
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(answer.status).toBeLessThan(500);
        expect(answer.headers).not.toHaveProperty('location');
        expect(answer.text).not.toMatch(/http-equiv|href="(https?:)?\/\/evil|action="[^"]*evil/);
      }
    });
  });

  it('leads nowhere else when it hangs on a page that exists', async () => {
    const page = await start();
    const again = await show(browser, `${page.url.href}?redirect_uri=${encoded}&returnTo=${encoded}`);
    expect([isApprovalPage(again), again.body.includes('evil')]).toEqual([true, false]);
    const resumed = await show(browser, `${page.url.pathname.replace('interaction', 'auth')}?redirect_uri=${encoded}`);
    expect(resumed.url.host).toBe(page.url.host);
  });
});
