import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DataSource } from 'typeorm';
import { whileRoomForHashes } from '../src/accounts/password-hash.ts';
import { recordApproval, spendApproval } from '../src/interactions/client-approvals.ts';
import { Browser, sentTo } from '../../../test/support/authorization/browser.ts';
import { McpClient, callback, resource } from '../../../test/support/authorization/mcp-client.ts';
import {
  begin,
  decide,
  formTokenOf,
  isApprovalPage,
  isLoginPage,
  login,
  post,
  show,
} from '../../../test/support/authorization/pages.ts';
import type { Page } from '../../../test/support/authorization/pages.ts';
import { administrator, startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

// A password hash is meant to be slow, and the machine may have other things to do.
vi.setConfig({ testTimeout: 60_000 });

let replicas: Replicas;
let dataSource: DataSource;
let browser: Browser;
let client: McpClient;

beforeAll(async () => {
  replicas = await startReplicas(2);
  dataSource = await replicas.database.open();
  client = await McpClient.register(replicas);
});

afterAll(() => replicas.stop());

beforeEach(() => {
  browser = new Browser(replicas);
});

describe('a form', () => {
  it.each<[string, (page: Page) => Promise<string>]>([
    ['no token', () => Promise.resolve('decision=approve')],
    ['an empty token', () => Promise.resolve('decision=approve&form_token=')],
    ['a made-up token', () => Promise.resolve(`decision=approve&form_token=${'A'.repeat(43)}`)],
    [
      'its token twice',
      (page) => Promise.resolve(`decision=approve&form_token=${formTokenOf(page)}&form_token=${formTokenOf(page)}`),
    ],
    [
      'the token of another interaction',
      async () => `decision=approve&form_token=${formTokenOf(await start(browser))}`,
    ],
    [
      'the token of another browser',
      async () => `decision=approve&form_token=${formTokenOf(await start(new Browser(replicas)))}`,
    ],
    ['no body', () => Promise.resolve('')],
  ])('is answered 403 with %s, and nothing is changed', async (_case, form) => {
    const page = await start(browser);
    const before = await approvals();
    const answer = await post(browser, page, await form(page));
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('<h1>This form could not be checked</h1>');
    expect(await approvals()).toBe(before);
    expect(isLoginPage(await decide(browser, await show(browser, page.url.href)))).toBe(true);
  });

  it('is answered 403 when the browser has lost its cookie, with a way to open the page again', async () => {
    const page = await start(browser);
    browser.forget(/browser/);
    const answer = await post(browser, page, { form_token: formTokenOf(page), decision: 'approve' });
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('<a href="">Open the page again</a>');
    expect(isLoginPage(await decide(browser, await show(browser, page.url.href)))).toBe(true);
  });

  it.each<[string, Record<string, string>]>([
    ['no decision', {}],
    ['an unknown decision', { decision: 'administer' }],
    ['a decision of another page', { decision: 'login', email: 'a@b.c', password: 'x' }],
    ['a NUL in a field', { decision: 'approve', email: 'a\0b' }],
    ['an endless field', { decision: 'approve', email: 'x'.repeat(255) }],
    ['an endless password', { decision: 'approve', password: 'x'.repeat(1_025) }],
  ])('is answered 400 with %s', async (_case, fields) => {
    const page = await start(browser);
    const answer = await post(browser, page, { form_token: formTokenOf(page), ...fields });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('<h1>This form is incomplete</h1>');
  });

  it('is answered 400 when the login page is sent the decision of the approval page', async () => {
    const page = await decide(browser, await start(browser));
    const answer = await post(browser, page, { form_token: formTokenOf(page), decision: 'approve' });
    expect(answer.status).toBe(400);
  });

  it.each([
    ['application/json', JSON.stringify({ decision: 'approve' }), 403],
    ['text/plain', 'decision=approve', 403],
    ['multipart/form-data; boundary=x', '--x--', 415],
    ['application/json', '{', 400],
    ['application/x-www-form-urlencoded', 'a='.padEnd(70_000, 'x'), 413],
  ])('is refused as a page when it is %s %#', async (type, body, status) => {
    const page = await start(browser);
    const answer = await post(browser, page, body, type);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.body).not.toMatch(/stack|node_modules|FST_ERR/);
  });
});

describe('an interaction', () => {
  it.each(['GET', 'POST'] as const)('of another browser is answered 400 to %s', async (method) => {
    const page = await start(browser);
    const other = new Browser(replicas);
    await start(other);
    const form = { form_token: formTokenOf(page), decision: 'approve' };
    const answer = method === 'GET' ? await show(other, page.url.href) : await post(other, page, form);
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('<h1>This page belongs to another browser</h1>');
  });

  it('whose cookies were planted in another browser cannot be answered there with the form of the planter', async () => {
    const page = await start(browser);
    const victim = browser.copy();
    victim.forget(/browser/);
    await start(victim);
    const answer = await post(victim, page, { form_token: formTokenOf(page), decision: 'approve' });
    expect(answer.status).toBe(403);
  });

  it('is not opened by the cookie of another one', async () => {
    const page = await start(browser);
    const other = new Browser(replicas);
    await start(other);
    const names = ['gatehouse_interaction', 'gatehouse_interaction.sig', 'gatehouse_browser'];
    const cookie = names.map((name) => `${name}=${other.cookie(name)}`).join('; ');
    expect((await replicas.send(page.url.pathname, { headers: { cookie } })).status).toBe(400);
  });

  it.each([
    ['never existed', () => Promise.resolve(`/interaction/${'x'.repeat(43)}`)],
    ['is over', async () => expire(await start(browser))],
    ['was answered', async () => answered(await start(browser))],
  ])('that %s is told in a friendly page, to GET and POST', async (_case, makeUrl) => {
    const url = await makeUrl();
    for (const answer of [await show(browser, url), await show(browser, url, { decision: 'approve' })]) {
      expect(answer.status).toBe(410);
      expect(answer.body).toContain('<h1>This page is no longer valid</h1>');
      expect(answer.body).toContain('connect again');
    }
  });

  it('that fails for a reason of ours is told in a page without its cause', async () => {
    const page = await start(browser);
    await dataSource.query('ALTER TABLE auth.client_approval RENAME TO client_approval_away');
    try {
      const answer = await post(browser, page, { form_token: formTokenOf(page), decision: 'approve' });
      expect(answer.status).toBe(500);
      expect(answer.body).toContain('<h1>Something went wrong here</h1>');
      expect(answer.body).not.toContain('client_approval');
    } finally {
      await dataSource.query('ALTER TABLE auth.client_approval_away RENAME TO client_approval');
    }
  });

  it.each(['/interaction/%00', '/interaction/%ff', `/interaction/${'x'.repeat(5_000)}`, '/interaction/..%2f..%2fauth'])(
    'with a malformed id is no fault of ours: %s',
    async (url) => {
      const answer = await show(browser, url);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    },
  );
});

describe('an approval', () => {
  it('can be spent by one of many that try at the same time, at whichever replica', async () => {
    const second = await replicas.database.open();
    const access = { tenantId: 'default', oauthClientId: 'c', redirectUri: callback, resource: '', scopes: {} };
    const id = await recordApproval(dataSource.manager, access, { browserDigest: 'b', sub: undefined });
    const spent = await Promise.all(
      Array.from({ length: 10 }, (_, at) => spendApproval((at % 2 === 0 ? dataSource : second).manager, id)),
    );
    expect(spent.filter(Boolean)).toHaveLength(1);
  });

  it('holds in the browser that gave it only', async () => {
    const page = await decide(browser, await start(browser));
    const thief = browser.copy();
    thief.forget(/browser/);
    const again = await show(thief, page.url.href);
    expect(isApprovalPage(await login(thief, again, administrator))).toBe(true);
  });

  it('is spent once, however many requests go on with it at both replicas', async () => {
    const page = await decide(browser, await start(browser));
    const form = { form_token: formTokenOf(page), decision: 'login', ...administrator };
    const location = nextOf(await post(browser, page, form));
    const answers = await Promise.all(Array.from({ length: 8 }, () => show(browser.copy(), location)));
    const codes = answers.filter((answer) => answer.url.searchParams.has('code'));
    expect(codes).toHaveLength(1);
    expect(answers.every(({ status }) => status < 500)).toBe(true);
  });

  it('is not made by a request that only looks', async () => {
    const page = await start(browser);
    const before = await approvals();
    await show(browser, `${page.url.href}?decision=approve&form_token=${formTokenOf(page)}`);
    expect(await approvals()).toBe(before);
  });
});

describe('sending a form twice', () => {
  it('goes on once after a double click on approve', async () => {
    const page = await start(browser);
    const form = { form_token: formTokenOf(page), decision: 'approve' };
    const [first, second] = await Promise.all([post(browser, page, form), post(browser, page, form)]);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(nextOf(first)).toBe(nextOf(second));
    expect(isLoginPage(await follow(second))).toBe(true);
  });

  it('goes on once after a double click on sign in', async () => {
    const page = await decide(browser, await begin(browser, client));
    const form = { form_token: formTokenOf(page), decision: 'login', ...administrator };
    const before = await logins();
    await post(browser, page, form);
    const answer = await follow(await post(browser, page, form));
    expect(await logins()).toBe(before + 1);
    const code = answer.url.searchParams.get('code') ?? '';
    expect((await client.redeem(code, { resource })).status).toBe(200);
  });

  it('tells a person who comes back to an answered page to start again from the application', async () => {
    const page = await start(browser);
    const form = { form_token: formTokenOf(page), decision: 'approve' };
    await follow(await post(browser, page, form));
    expect((await post(browser, page, form)).status).toBe(410);
  });

  it('keeps parallel tabs apart', async () => {
    const first = await begin(browser, client, { state: 'first' });
    const second = await begin(browser, client, { state: 'second' });
    const firstLogin = await decide(browser, first);
    const secondLogin = await decide(browser, second);
    const answers = [await login(browser, secondLogin, administrator), await login(browser, firstLogin, administrator)];
    expect(answers.map(({ url }) => url.searchParams.get('state'))).toEqual(['second', 'first']);
    expect(answers.every(({ url }) => url.searchParams.has('code'))).toBe(true);
  });
});

describe('the login page', () => {
  it('answers 503 with Retry-After while more people sign in than passwords can be hashed', async () => {
    const page = await decide(browser, await start(browser));
    const done = Promise.withResolvers<boolean>();
    const crowd = Array.from({ length: 64 }, () => whileRoomForHashes(() => done.promise));
    const attempts = [administrator, { ...administrator, email: 'nobody@example.com' }];
    const answers = await Promise.all(
      attempts.map((who) => post(browser, page, { form_token: formTokenOf(page), decision: 'login', ...who })),
    );
    done.resolve(true);
    await Promise.all(crowd);
    for (const answer of answers) {
      expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5']);
      expect(answer.body).toContain('Many people are signing in right now.');
    }
    expect((await login(browser, page)).url.searchParams.has('code')).toBe(true);
  });
});

describe('every page', () => {
  it.each<[string, () => Promise<Page>]>([
    ['the approval page', () => start(browser)],
    ['the login page', async () => decide(browser, await start(browser))],
    ['the page of another browser', async () => show(new Browser(replicas), (await start(browser)).url.href)],
    [
      'the page that follows a form',
      async () => {
        const page = await start(browser);
        return post(browser, page, { form_token: formTokenOf(page), decision: 'approve' });
      },
    ],
    ['the expired page', () => show(browser, '/interaction/nothing')],
    ['the page of a forged form', async () => post(browser, await start(browser), {})],
    ['the page of an unknown client', () => show(browser, '/auth?client_id=nobody&response_type=code')],
    ['the page of a foreign redirect URI', () => begin(browser, client, { redirect_uri: 'https://evil.example/' })],
    ['the page of a login that cannot go on', () => show(browser, '/auth/nothing')],
    ['the page of nothing', () => show(browser, '/nothing')],
  ])('has the security headers and the layout: %s', async (_case, show) => {
    const page = await show();
    expect(page.headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': expect.stringMatching(
        /^default-src 'none'; style-src 'sha256-[^']+'; img-src (?:'self' )?data:; form-action [^;]+; frame-ancestors 'none'; base-uri 'none'$/,
      ),
      'content-type': 'text/html; charset=utf-8',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    expect(page.headers).not.toHaveProperty('strict-transport-security');
    expect(page.body).toMatch(/^<!doctype html>\s*<html lang="en">/);
    expect(page.body).toContain('name="viewport" content="width=device-width, initial-scale=1"');
    expect(page.body).toMatch(/<main[\s>][\s\S]*<h1>/);
    expect(page.body).not.toContain('<script');
  });

  it('lets its form go to this server alone, which answers with a page and no redirect to the client', async () => {
    const page = await start(browser);
    expect(page.headers['content-security-policy']).toContain("form-action 'self';");
    const answer = await post(browser, page, { form_token: formTokenOf(page), decision: 'deny' });
    expect([answer.status, answer.headers.location]).toEqual([200, undefined]);
    expect(nextOf(answer)).toMatch(new RegExp(`^${replicas.issuer}/auth/[\\w-]+$`));
  });
});

describe('an https issuer with a path', () => {
  let secure: Replicas;

  beforeAll(async () => {
    secure = await startReplicas(2, { AUTH_ISSUER: 'https://auth.example/tenants/one' });
  });
  afterAll(() => secure.stop());

  it('has __Host- cookies, HSTS, and pages below its path', async () => {
    const visitor = new Browser(secure);
    const mcpClient = await McpClient.register(secure);
    const approval = await begin(visitor, mcpClient);
    expect(approval.url.pathname).toMatch(/^\/tenants\/one\/interaction\//);
    expect(approval.headers['strict-transport-security']).toMatch(/^max-age=\d{8}/);
    expect(approval.headers['set-cookie']).toEqual([
      expect.stringMatching(
        /^__Host-gatehouse_browser=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/,
      ),
    ]);
    const answer = await login(visitor, await decide(visitor, approval));
    expect(answer.url.searchParams.get('iss')).toBe('https://auth.example/tenants/one');
    expect(visitor.cookie('__Host-gatehouse_session')).toEqual(expect.any(String));
    const account = await show(visitor, '/tenants/one/account');
    expect(account.body).toContain('<form method="post" action="/tenants/one/account"');
    expect((await show(visitor, '/account')).status).toBe(404);
    const again = await begin(visitor, mcpClient);
    expect((await decide(visitor, again, 'other-account')).url).toEqual(again.url);
    const signedOut = await show(visitor, '/tenants/one/account');
    const signedIn = await login(visitor, signedOut);
    expect(signedIn.url.pathname).toBe('/tenants/one/account');
    expect(signedIn.body).toContain(administrator.email);
  });
});

/** The approval page of a new authorization. */
async function start(visitor: Browser): Promise<Page> {
  const page = await begin(visitor, client);
  expect(isApprovalPage(page)).toBe(true);
  return page;
}

/** Where the page that follows a form sends the browser. */
function nextOf({ headers, body }: Page): string {
  return sentTo({ headers, text: body }) ?? '';
}

/** Goes where the page that follows a form sends the browser. */
function follow(answer: Page): Promise<Page> {
  return show(browser, nextOf(answer));
}

/** Makes an interaction older than it may be, and its cookie with it. */
async function expire(page: Page): Promise<string> {
  await dataSource.query(
    `UPDATE auth.provider_record SET expires_at = now() - interval '1 second' WHERE kind = 'Interaction' AND id = $1`,
    [page.url.pathname.split('/').at(-1)],
  );
  browser.forget(/interaction/);
  return page.url.href;
}

async function answered(page: Page): Promise<string> {
  await decide(browser, page);
  return page.url.href;
}

/** How often anybody has signed in. */
async function logins(): Promise<number> {
  const rows: unknown[] = await dataSource.query(`SELECT 1 FROM auth.audit_row WHERE type = 'login.succeeded'`);
  return rows.length;
}

async function approvals(): Promise<number> {
  const [row] = await dataSource.query<{ count: number }[]>('SELECT count(*)::int AS count FROM auth.client_approval');
  return row?.count ?? 0;
}
