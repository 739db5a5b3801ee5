import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { disconnectClient } from '../src/account-pages/connected-clients.ts';
import { Account } from '../src/accounts/account.entity.ts';
import { createAccount } from '../src/accounts/accounts.ts';
import { signOutEverywhere } from '../src/accounts/administer-account.ts';
import { lockAccount } from '../src/accounts/lock-account.ts';
import { hashPassword } from '../src/accounts/password-hash.ts';
import { SessionAdapter } from '../src/sessions/session-adapter.ts';
import { RecordAdapter } from '../src/storage/record-adapter.ts';
import { Browser } from '../../../test/support/authorization/browser.ts';
import { jsonOf } from '../../../test/support/authorization/http.ts';
import type { HttpAnswer } from '../../../test/support/authorization/http.ts';
import { McpClient, callback } from '../../../test/support/authorization/mcp-client.ts';
import type { TokenAnswer } from '../../../test/support/authorization/mcp-client.ts';
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
import { duringTransaction } from './during-transaction.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const safari = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15';
const website = 'https://client.example/callback';

interface Person {
  sub: string;
  email: string;
  password: string;
}

let replicas: Replicas;
let dataSource: DataSource;
let person: Person;
let browser: Browser;

beforeAll(async () => {
  replicas = await startReplicas(2);
  dataSource = await replicas.database.open();
});

afterAll(() => replicas.stop());

beforeEach(async () => {
  person = await addPerson();
  browser = new Browser(replicas, { 'user-agent': firefox });
});

describe('the account page', () => {
  it('signs in without an OAuth client, by the login page that applications lead to', async () => {
    const page = await show(browser, '/account');
    expect(isLoginPage(page)).toBe(true);
    const account = await login(browser, page, person);
    expect(account.url.pathname).toBe('/account');
    expect(account.body).toContain(person.email);
    expect(await auditOf(person)).toEqual([
      { type: 'account.created', reason: null },
      { type: 'login.succeeded', reason: null },
    ]);
  });

  it('shares its session with the applications: none asks to sign in again', async () => {
    await signIn(browser);
    const client = await McpClient.register(replicas, { redirect_uris: [website] });
    const answer = await decide(browser, await begin(browser, client, { redirect_uri: website }));
    expect(answer.url.searchParams.has('code')).toBe(true);
  });

  it.each(['/', '/nothing'])('is where a page leads to that is not there: %s', async (path) => {
    const page = await show(browser, path);
    expect([page.status, page.body.includes('<a href="/account">Your account</a>')]).toEqual([404, true]);
  });

  it('gives the session another id at every login (no session fixation)', async () => {
    await signIn(browser);
    const planted = browser.cookie('gatehouse_session');
    await dataSource.query(
      `UPDATE auth.browser_session SET sub = NULL, payload = payload - 'accountId' WHERE sub = $1`,
      [person.sub],
    );
    const thief = browser.copy();
    await signIn(browser);
    expect(browser.cookie('gatehouse_session')).not.toBe(planted);
    expect(isLoginPage(await show(thief, '/account'))).toBe(true);
  });

  it('shows a wrong password as the login page does, and says when to come back', async () => {
    const page = await show(browser, '/account');
    const wrong = await login(browser, page, { ...person, password: 'wrong' });
    expect([wrong.status, wrong.body.includes('role="alert"')]).toEqual([422, true]);
    expect(wrong.body).toContain(`value="${person.email}"`);
    await dataSource.query(`UPDATE auth.login_throttle SET level = 10 WHERE key = $1`, [digest(person.email)]);
    const throttled = await login(browser, page, person);
    expect([throttled.status, Number(throttled.headers['retry-after']) > 0]).toEqual([429, true]);
  });

  it.each<[string, (account: Page) => Promise<string>]>([
    ['no token', () => Promise.resolve('')],
    ['the token of the sign-in form', async () => formTokenOf(await show(new Browser(replicas), '/account'))],
    ['the token of another session', async () => formTokenOf(await signIn(new Browser(replicas)))],
    ['its token twice', (account) => Promise.resolve(`${formTokenOf(account)}&form_token=${formTokenOf(account)}`)],
  ])('answers 403 to a form with %s, and changes nothing', async (_case, token) => {
    const account = await signIn(browser);
    const form = `decision=sign-out-everywhere&form_token=${await token(account)}`;
    expect((await post(browser, account, form)).status).toBe(403);
    expect((await show(browser, '/account')).body).toContain(person.email);
  });

  it('answers 403 to a form that was open when somebody else signed in here', async () => {
    const account = await signIn(browser);
    await act(browser, account, { decision: 'sign-out' });
    await signIn(browser, await addPerson());
    expect((await post(browser, account, { form_token: formTokenOf(account), decision: 'sign-out' })).status).toBe(403);
  });

  it('answers 403 to the form of a signed-in browser in another one with the same session', async () => {
    const account = await signIn(browser);
    const thief = browser.copy();
    thief.forget(/browser/);
    await show(thief, '/account');
    expect((await post(thief, account, { form_token: formTokenOf(account), decision: 'sign-out' })).status).toBe(403);
  });

  it.each<[string, Record<string, string>]>([
    ['no decision', {}],
    ['an unknown decision', { decision: 'administer' }],
    ['a NUL in a field', { decision: 'disconnect', client_id: 'a\0b' }],
    ['an endless field', { decision: 'change-password', password: 'x'.repeat(2_000) }],
  ])('answers 400 to a form with %s', async (_case, fields) => {
    const account = await signIn(browser);
    expect((await post(browser, account, { form_token: formTokenOf(account), ...fields })).status).toBe(400);
  });

  it.each(['signed-out', 'constructor', '<script>', 'x'.repeat(3_000)])(
    'says only what it knows to have been done: ?done=%s',
    async (done) => {
      const page = await show(browser, `/account?done=${encodeURIComponent(done)}`);
      expect(page.status).toBe(200);
      expect(page.body.includes('role="status"')).toBe(done === 'signed-out');
      expect(page.body).not.toContain('<script');
    },
  );

  it('has the security headers, signed in and signed out, and no script', async () => {
    for (const page of [await show(new Browser(replicas), '/account'), await signIn(browser)]) {
      expect(page.headers).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': expect.stringMatching(
          /^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
        ),
        'x-frame-options': 'DENY',
      });
      expect(page.body).not.toContain('<script');
    }
  });
});

describe('connected applications', () => {
  let client: McpClient;
  let tokens: TokenAnswer;

  beforeEach(async () => {
    client = await McpClient.register(replicas, { client_name: 'Claude <Code>', redirect_uris: [website] });
    tokens = await connect(client);
  });

  it('are listed with what they may do and when they were last used', async () => {
    const { body } = await show(browser, '/account');
    const text = textOf(body);
    expect(text).toContain('Claude <Code> May: connect · On http://localhost:3000/mcp Last used: now · Connected: now');
    await dataSource.query(`UPDATE auth.oauth_grant SET last_used_at = now() - interval '3 hours'`);
    expect(textOf((await show(browser, '/account')).body)).toContain('Last used: 3 hours ago');
    expect((await client.refresh(tokens.refresh_token)).status).toBe(200);
    expect(textOf((await show(browser, '/account')).body)).toContain('Last used: now');
  });

  it('lose every token when they are disconnected, and are asked about before they connect again', async () => {
    const account = await show(browser, '/account');
    const after = await act(browser, account, { decision: 'disconnect', client_id: client.oauthClientId });
    expect(textOf(after.body)).toContain('The application is disconnected.');
    expect(textOf(after.body)).toContain('No application is connected.');
    expect(errorOf(await client.refresh(tokens.refresh_token))).toBe('invalid_grant');
    const told = await dataSource.query(
      `SELECT kind FROM auth.outbox JOIN auth.oauth_grant AS given ON given.id = key WHERE account_id = $1`,
      [person.sub],
    );
    expect(told).toEqual([{ kind: 'grant' }]);
    expect(isApprovalPage(await begin(browser, client, { redirect_uri: website }))).toBe(true);
    expect((await auditOf(person)).slice(-2)).toEqual([
      { type: 'grant.ended', reason: 'revoked_by_user' },
      { type: 'consent.withdrawn', reason: null },
    ]);
  });

  it('have a hundred grants at most: those that nobody used end first', async () => {
    await dataSource.query(
      `INSERT INTO auth.oauth_grant (id, tenant_id, account_id, oauth_client_id, payload, created_at, last_used_at, expires_at)
       SELECT n || $1, 'default', $1, $2, '{}', now() - interval '9 days', CASE WHEN n > 1 THEN now() - interval '8 days' END,
              now() + interval '1 day' FROM generate_series(1, 99) AS n`,
      [person.sub, client.oauthClientId],
    );
    const ended = () =>
      dataSource.query<{ id: string }[]>(
        'SELECT id FROM auth.oauth_grant WHERE account_id = $1 AND ended_at IS NOT NULL',
        [person.sub],
      );
    expect((await begin(browser, client, { redirect_uri: website })).url.searchParams.has('code')).toBe(true);
    expect(await ended()).toEqual([{ id: `1${person.sub}` }]);
    const flood = await begin(browser, client, { redirect_uri: website });
    expect(flood.url.searchParams.has('code')).toBe(true);
    expect([(await ended()).length, await livingGrantsOf(person)]).toEqual([2, 100]);
    expect((await client.refresh(tokens.refresh_token)).status).toBe(200);
    const [last] = await dataSource.query<{ details: { gid: string } }[]>(
      `SELECT details FROM auth.audit_row WHERE on_behalf_of = $1 AND reason = 'too_many_grants' ORDER BY id DESC`,
      [person.sub],
    );
    expect(last?.details.gid).not.toContain(person.sub);
  });

  it('get no grant by a request that is under way when they are disconnected', async () => {
    const answer = await duringTransaction(dataSource, {
      before: (manager) => disconnectClient(manager, { tenantId: 'default', sub: person.sub }, client.oauthClientId),
      ask: () => begin(browser, client, { redirect_uri: website }),
    });
    expect(isApprovalPage(answer)).toBe(true);
    expect(await livingGrantsOf(person)).toBe(0);
  });

  it('are nobody else’s to disconnect', async () => {
    const stranger = await addPerson();
    const other = new Browser(replicas);
    const account = await signIn(other, stranger);
    expect(textOf(account.body)).toContain('No application is connected.');
    await act(other, account, { decision: 'disconnect', client_id: client.oauthClientId });
    expect((await client.refresh(tokens.refresh_token)).status).toBe(200);
  });

  /** Connects a client in the person's browser. */
  async function connect(mcpClient: McpClient): Promise<TokenAnswer> {
    await signIn(browser);
    const answer = await decide(browser, await begin(browser, mcpClient, { redirect_uri: website }));
    const code = answer.url.searchParams.get('code') ?? '';
    return jsonOf(await mcpClient.redeem(code, { redirect_uri: website })) as TokenAnswer;
  }
});

describe('browser sessions', () => {
  let other: Browser;

  beforeEach(async () => {
    other = new Browser(replicas, { 'user-agent': safari });
    await signIn(browser);
    await signIn(other);
  });

  it('are listed, this one first and marked', async () => {
    const text = textOf((await show(browser, '/account')).body);
    expect(text).toMatch(/Firefox on Linux This browser Last here: now .* Safari on macOS Last here: now/);
    expect(text).toContain('From 127.0.0.1');
  });

  it('end one at a time from another browser, for applications too', async () => {
    const account = await show(browser, '/account');
    const uid = /name="session" value="([^"]+)"/.exec(account.body)?.[1] ?? '';
    const after = await act(browser, account, { decision: 'end-session', session: uid });
    expect(textOf(after.body)).toContain('That browser is signed out.');
    expect(isLoginPage(await show(other, '/account'))).toBe(true);
    expect(await isSignedIn(other)).toBe(false);
    expect(await isSignedIn(browser)).toBe(true);
    expect((await auditOf(person)).at(-1)).toEqual({ type: 'session.ended', reason: 'signed_out' });
  });

  it('are nobody else’s to end', async () => {
    const stranger = new Browser(replicas);
    const account = await signIn(stranger, await addPerson());
    const [session] = await dataSource.query<{ uid: string }[]>('SELECT uid FROM auth.browser_session WHERE sub = $1', [
      person.sub,
    ]);
    await act(stranger, account, { decision: 'end-session', session: session?.uid ?? '' });
    expect([await isSignedIn(browser), await isSignedIn(other)]).toEqual([true, true]);
  });

  it('end here by signing out, and take the cookie with them', async () => {
    const thief = browser.copy();
    const after = await act(browser, await show(browser, '/account'), { decision: 'sign-out' });
    expect(isLoginPage(after)).toBe(true);
    expect(textOf(after.body)).toContain('You are signed out.');
    expect(browser.cookie('gatehouse_session')).toBeUndefined();
    expect([await isSignedIn(thief), await isSignedIn(other)]).toEqual([false, true]);
  });

  it('end everywhere at once, with the logins that have not gone on yet', async () => {
    const client = await McpClient.register(replicas);
    const late = new Browser(replicas);
    const page = await decide(late, await begin(late, client));
    const form = { form_token: formTokenOf(page), decision: 'login', email: person.email, password: person.password };
    const answered = await post(late, page, form);
    const after = await act(browser, await show(browser, '/account'), { decision: 'sign-out-everywhere' });
    expect(textOf(after.body)).toContain('You are signed out everywhere.');
    expect([await isSignedIn(browser), await isSignedIn(other)]).toEqual([false, false]);
    const goOn = /content="0; url=([^"]+)"/.exec(answered.body)?.[1] ?? '';
    expect((await show(late, goOn)).status).toBe(400);
    expect(await isSignedIn(late)).toBe(false);
  });

  it('leave no authorization behind that was under way when they ended', async () => {
    const client = await McpClient.register(replicas, { redirect_uris: [website] });
    const given = await decide(browser, await begin(browser, client, { redirect_uri: website }));
    expect(given.url.searchParams.has('code')).toBe(true);
    const answer = await duringSignOut(() => begin(browser, client, { redirect_uri: website }));
    expect(answer.url.searchParams.get('error')).toBe('login_required');
    expect(await livingGrantsOf(person)).toBe(0);
  });

  it('leave no login behind that was going on when they ended', async () => {
    const client = await McpClient.register(replicas);
    const late = new Browser(replicas);
    const page = await decide(late, await begin(late, client));
    const form = { form_token: formTokenOf(page), decision: 'login', email: person.email, password: person.password };
    const goOn = /content="0; url=([^"]+)"/.exec((await post(late, page, form)).body)?.[1] ?? '';
    const answer = await duringSignOut(() => show(late, goOn));
    expect(answer.status).toBe(400);
    expect(await isSignedIn(late)).toBe(false);
    expect(await livingGrantsOf(person)).toBe(0);
  });

  /** The answer to a request that arrives when the person is about to be signed out everywhere. */
  async function duringSignOut(ask: () => Promise<Page>): Promise<Page> {
    const account = await dataSource.manager.findOneByOrFail(Account, { sub: person.sub });
    return await duringTransaction(dataSource, {
      before: (manager) => lockAccount(manager, person.sub),
      ask,
      after: (manager) => signOutEverywhere(manager, account, 'signed_out_by_operator'),
    });
  }

  it('do not come back by a request that was under way when they ended', async () => {
    const adapter = new SessionAdapter(dataSource);
    const stored = { uid: randomUUID(), accountId: person.sub, loginTs: 1 };
    await adapter.upsert('first', stored, 60);
    await adapter.destroy('first');
    await adapter.upsert('second', stored, 60);
    await adapter.upsert('first', { ...stored, accountId: 'older' }, 60);
    expect(await adapter.find('first')).toBeUndefined();
    expect(await adapter.find('second')).toEqual({ ...stored, jti: 'second' });
    await dataSource.query('UPDATE auth.browser_session SET ended_at = now() WHERE uid = $1', [stored.uid]);
    await adapter.upsert('second', stored, 60);
    expect(await adapter.find('second')).toBeUndefined();
  });

  it('begin once, of two requests that go on with one login at the same time', async () => {
    const adapter = new RecordAdapter(dataSource, 'Interaction');
    await adapter.upsert('login', { uid: randomUUID() }, 60);
    const goingOn = await Promise.allSettled([adapter.destroy('login'), adapter.destroy('login')]);
    expect(goingOn.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('end after eight hours without use, and a day after the login whatever was used', async () => {
    const left = async () => {
      await show(browser, '/account');
      const [row] = await dataSource.query<{ hours: number }[]>(
        `SELECT round(extract(epoch FROM expires_at - now()) / 3600)::int AS hours FROM auth.browser_session
         WHERE sub = $1 AND user_agent = $2`,
        [person.sub, firefox],
      );
      return row?.hours;
    };
    expect(await left()).toBe(8);
    await dataSource.query(
      `UPDATE auth.browser_session SET payload = jsonb_set(payload, '{loginTs}', to_jsonb((payload->>'loginTs')::int - 82800))
       WHERE sub = $1`,
      [person.sub],
    );
    expect(await left()).toBe(1);
    await dataSource.query(`UPDATE auth.browser_session SET expires_at = now() - interval '1 second' WHERE sub = $1`, [
      person.sub,
    ]);
    expect(await isSignedIn(browser)).toBe(false);
  });

  it('are stored without the id that the browser presents', async () => {
    const id = browser.cookie('gatehouse_session') ?? '';
    const rows = await dataSource.query<{ row: string }[]>('SELECT s::text AS row FROM auth.browser_session s');
    expect(id).toMatch(/^[\w-]{20,}$/);
    expect(rows.filter(({ row }) => row.includes(id))).toEqual([]);
  });
});

describe('another password', () => {
  const next = 'another sentence to remember';

  it('ends every other session and login, and gives this one another id', async () => {
    const other = new Browser(replicas);
    await signIn(browser);
    await signIn(other);
    const copied = browser.copy();
    const after = await change(browser, {});
    expect(textOf(after.body)).toContain('Your password is changed');
    expect([await isSignedIn(browser), await isSignedIn(copied), await isSignedIn(other)]).toEqual([
      true,
      false,
      false,
    ]);
    const page = await show(other, '/account');
    expect((await login(other, page, person)).status).toBe(422);
    expect((await login(other, page, { ...person, password: next })).body).toContain(person.email);
    expect(await auditOf(person)).toContainEqual({ type: 'account.password_changed', reason: null });
    expect(await auditOf(person)).toContainEqual({ type: 'session.ended', reason: 'password_changed' });
  });

  it.each<[string, Record<string, string>, string]>([
    ['the present one is wrong', { password: 'wrong' }, 'This is not your present password.'],
    ['the two differ', { new_password_again: 'something else' }, 'The two new passwords differ.'],
    ['it is too short', { new_password: 'short', new_password_again: 'short' }, 'This cannot be your new password.'],
    ['it is the present one', {}, 'This cannot be your new password.'],
  ])('is not taken when %s', async (_case, fields, words) => {
    await signIn(browser);
    const same =
      Object.keys(fields).length === 0 ? { new_password: person.password, new_password_again: person.password } : {};
    const page = await change(browser, { ...fields, ...same });
    expect(page.status).toBe(422);
    expect(textOf(page.body)).toContain(words);
    expect((await signIn(new Browser(replicas))).body).toContain(person.email);
  });

  it('disconnects the applications when that is asked for, else leaves them', async () => {
    await signIn(browser);
    const client = await McpClient.register(replicas, { redirect_uris: [callback] });
    const code = (await client.authorize({}, browser)).get('code') ?? '';
    const tokens = jsonOf(await client.redeem(code)) as TokenAnswer;
    await change(browser, {});
    const refreshed = jsonOf(await client.refresh(tokens.refresh_token)) as TokenAnswer;
    expect(refreshed.access_token).toEqual(expect.any(String));
    person.password = next;
    const changed = { new_password: 'a third sentence', new_password_again: 'a third sentence', disconnect_all: 'yes' };
    await change(browser, changed);
    expect(errorOf(await client.refresh(refreshed.refresh_token))).toBe('invalid_grant');
  });

  async function change(from: Browser, fields: Record<string, string>): Promise<Page> {
    const form = { password: person.password, new_password: next, new_password_again: next };
    return await act(from, await show(from, '/account'), { decision: 'change-password', ...form, ...fields });
  }
});

describe('the languages of the pages', () => {
  it('are German and English, as the browser prefers, on every page from approval to error', async () => {
    const german = new Browser(replicas, { 'accept-language': 'de-AT,de;q=0.9,en;q=0.5' });
    const client = await McpClient.register(replicas);
    const approval = await begin(german, client);
    const signInPage = await decide(german, approval);
    const pages: [Page, string][] = [
      [approval, 'Test client verbinden?'],
      [signInPage, 'Anmelden'],
      [await login(german, signInPage, { email: 'x@example.com', password: 'x' }), 'Anmelden'],
      [await post(german, signInPage, { decision: 'login' }), 'Dieses Formular konnte nicht geprüft werden'],
      [await show(german, '/interaction/nothing'), 'Diese Seite gilt nicht mehr'],
      [await show(german, '/auth?client_id=nobody'), 'Das hat nicht geklappt'],
      [await show(german, '/nothing'), 'Hier ist nichts'],
      [await show(german, '/%ff'), 'Hier ist nichts'],
      [await signIn(german), 'Ihr Konto'],
    ];
    for (const [page, title] of pages) {
      expect(page.body).toContain('<html lang="de">');
      expect(page.body).toContain(`<h1>${title}</h1>`);
      expect(page.headers).toMatchObject({ 'content-language': 'de', vary: 'accept-language' });
    }
    const english = await show(new Browser(replicas, { 'accept-language': 'fr, en;q=0.5, de;q=0.1' }), '/account');
    expect(english.body).toContain('<html lang="en">');
  });
});

async function livingGrantsOf({ sub }: Person): Promise<number> {
  const [row] = await dataSource.query<{ count: number }[]>(
    'SELECT count(*)::int AS count FROM auth.oauth_grant WHERE account_id = $1 AND ended_at IS NULL',
    [sub],
  );
  return row?.count ?? 0;
}

async function addPerson(): Promise<Person> {
  const email = `${randomUUID()}@example.com`;
  const password = 'correct horse battery staple';
  const account = { tenantId: 'default', email, passwordHash: await hashPassword(password), roles: [] };
  return { sub: (await createAccount(dataSource.manager, account)).sub, email, password };
}

/** The account page of somebody who signs in. */
async function signIn(visitor: Browser, who = person): Promise<Page> {
  return await login(visitor, await show(visitor, '/account'), who);
}

/** Sends one of the forms of the account page. */
function act(visitor: Browser, account: Page, fields: Record<string, string>): Promise<Page> {
  return show(visitor, '/account', { form_token: formTokenOf(account), ...fields });
}

/** Whether the authorization endpoint knows who sits at this browser. */
async function isSignedIn(visitor: Browser): Promise<boolean> {
  const client = await McpClient.register(replicas, { redirect_uris: [website] });
  const answer = await begin(visitor, client, { redirect_uri: website, prompt: 'none' });
  const error = answer.url.searchParams.get('error');
  expect(['login_required', 'consent_required']).toContain(error);
  return error === 'consent_required';
}

async function auditOf({ sub }: Person): Promise<{ type: string; reason: string | null }[]> {
  return await dataSource.query(
    `SELECT type, reason FROM auth.audit_row WHERE (actor = $1 OR on_behalf_of = $1) ORDER BY id`,
    [sub],
  );
}

function errorOf(answer: HttpAnswer): string | undefined {
  return (jsonOf(answer) as { error?: string }).error;
}

/** What a person reads. */
function textOf(html: string): string {
  return html
    .replace(/<style>[^]*?<\/style>/, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll(/\s+/g, ' ');
}

function digest(email: string): string {
  return createHash('sha256').update(email).digest('base64url');
}
