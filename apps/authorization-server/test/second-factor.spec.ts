import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { createAccount } from '../src/accounts/accounts.ts';
import { hashPassword } from '../src/accounts/password-hash.ts';
import { totpCode, totpStep } from '../src/accounts/totp.ts';
import { Browser } from '../../../test/support/authorization/browser.ts';
import { keyOfLetters } from './key-letters.ts';
import { McpClient } from '../../../test/support/authorization/mcp-client.ts';
import {
  begin,
  decide,
  formTokenOf,
  isLoginPage,
  login,
  post,
  show,
} from '../../../test/support/authorization/pages.ts';
import type { Page } from '../../../test/support/authorization/pages.ts';
import { startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

const password = 'correct horse battery staple';

let replicas: Replicas;
let dataSource: DataSource;
let client: McpClient;
let person: { sub: string; email: string; password: string };
let browser: Browser;

beforeAll(async () => {
  replicas = await startReplicas(2);
  dataSource = await replicas.database.open();
  client = await McpClient.register(replicas);
});

afterAll(() => replicas.stop());

beforeEach(async () => {
  const email = `${randomUUID()}@example.com`;
  const account = { tenantId: 'default', email, passwordHash: await hashPassword(password), roles: [] };
  person = { sub: (await createAccount(dataSource.manager, account)).sub, email, password };
  browser = new Browser(replicas);
});

describe('setting up an authenticator', () => {
  let account: Page;

  beforeEach(async () => {
    account = await login(browser, await show(browser, '/account'), person);
  });

  it('asks for the password: a session that was left open is not enough', async () => {
    const page = await act(account, { decision: 'set-up', password: 'wrong' });
    expect(page.status).toBe(422);
    expect(page.body).toContain('This is not your present password.');
    expect(page.body).not.toContain('class="qr"');
  });

  it('shows the key as a QR code and in letters, in a page that no policy had to be loosened for', async () => {
    const page = await act(account, { decision: 'set-up', password });
    expect(page.body).toMatch(/<svg class="qr" viewBox="0 0 \d+ \d+"[^>]* role="img" aria-label="[^"]+"><path/);
    expect(secretOf(page)).toHaveLength(20);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.headers['content-security-policy']).toContain('img-src data:;');
  });

  it('stores nothing before the authenticator has shown a right code', async () => {
    const page = await act(account, { decision: 'set-up', password });
    const wrong = await act(page, { decision: 'turn-on', enrolment: enrolmentOf(page), code: '000000' });
    expect(wrong.status).toBe(422);
    expect(wrong.body).toContain('This code is not right.');
    expect(secretOf(wrong)).toEqual(secretOf(page));
    expect(await authenticators()).toHaveLength(0);
  });

  it.each<[string, (page: Page) => Promise<{ enrolment: string; secret: Buffer }>]>([
    ['made up', (page) => Promise.resolve({ enrolment: 'A'.repeat(80), secret: secretOf(page) })],
    ['absent', (page) => Promise.resolve({ enrolment: '', secret: secretOf(page) })],
    [
      'of another session',
      async () => {
        const other = await enrolIn(new Browser(replicas));
        return { enrolment: enrolmentOf(other), secret: secretOf(other) };
      },
    ],
  ])('refuses a key that is %s, whatever its code', async (_case, makeKey) => {
    const page = await act(account, { decision: 'set-up', password });
    const { enrolment, secret } = await makeKey(page);
    const answer = await act(page, { decision: 'turn-on', enrolment, code: totpCode(secret, totpStep()) });
    expect(answer.status).toBe(422);
    expect(await authenticators()).toHaveLength(0);
  });

  it('hands out ten recovery codes, again when the answer was lost, and keeps neither them nor the key readable', async () => {
    const page = await act(account, { decision: 'set-up', password });
    const secret = secretOf(page);
    const form = { decision: 'turn-on', enrolment: enrolmentOf(page), code: totpCode(secret, totpStep()) };
    const lost = codesOf(await act(page, form));
    const codes = codesOf(await act(page, form));
    expect([lost.length, codes.length]).toEqual([10, 10]);
    const tables = ['authenticator', 'recovery_code', 'audit_row'];
    const dumps = await Promise.all(
      tables.map((table) => dataSource.query<{ row: string }[]>(`SELECT t::text AS row FROM auth.${table} t`)),
    );
    const everything = dumps.flat().map(({ row }) => row);
    const secrets = [...codes, ...codes.map((code) => code.replaceAll('-', '')), secret.toString('hex')];
    expect(everything.filter((row) => secrets.some((text) => row.includes(text)))).toEqual([]);
    const after = await show(browser, '/account');
    expect(after.body).toContain('10 recovery codes are left.');
    expect(await auditTypes()).toContain('second_factor.added');
  });

  it('opens for no other account: the row’s name is sealed in', async () => {
    await enrolIn(new Browser(replicas), true);
    await dataSource.query(`UPDATE auth.authenticator SET sub = 'other' WHERE sub = $1`, [person.sub]);
    const [[moved]] = await dataSource.query<[{ sealed_secret: Buffer }[], number]>(
      `DELETE FROM auth.authenticator WHERE sub = 'other' RETURNING sealed_secret`,
    );
    const thief = { ...person, email: `${randomUUID()}@example.com` };
    const stranger = await createAccount(dataSource.manager, {
      tenantId: 'default',
      email: thief.email,
      passwordHash: await hashPassword(password),
      roles: [],
    });
    await dataSource.query(
      `INSERT INTO auth.authenticator (tenant_id, sub, sealed_secret, last_step) VALUES ('default', $1, $2, 0)`,
      [stranger.sub, moved?.sealed_secret],
    );
    const other = new Browser(replicas);
    const page = await login(other, await show(other, '/account'), thief);
    expect((await enter(other, page, '123456')).status).toBe(500);
  });
});

describe('a login of an account with an authenticator', () => {
  let secret: Buffer;
  let codes: string[];

  beforeEach(async () => {
    ({ secret, codes } = await enrolIn(new Browser(replicas), true));
  });

  it('asks for a code after the password, on the way to an application', async () => {
    const page = await toCode(browser);
    expect(page.body).toContain('<h1>Enter your code</h1>');
    expect(page.body).toContain(person.email);
    const answer = await enter(browser, page, await freshCode());
    expect(answer.url.searchParams.has('code')).toBe(true);
    const [row] = await dataSource.query(
      `SELECT details FROM auth.audit_row WHERE type = 'login.succeeded' AND actor = $1 ORDER BY id DESC LIMIT 1`,
      [person.sub],
    );
    expect(row).toEqual({ details: { amr: ['pwd', 'otp', 'mfa'] } });
  });

  it('asks for a code at the account page as well', async () => {
    const page = await login(browser, await show(browser, '/account'), person);
    expect(page.body).toContain('<h1>Enter your code</h1>');
    expect(browser.cookie('gatehouse_session')).toBeUndefined();
    expect((await enter(browser, page, await freshCode())).body).toContain('<h1>Your account</h1>');
  });

  it('keeps the step when the page is loaded again, in this browser alone', async () => {
    const page = await toCode(browser);
    expect((await show(browser, page.url.href)).body).toContain('<h1>Enter your code</h1>');
    const thief = browser.copy();
    thief.forget(/gatehouse_browser/);
    expect(isLoginPage(await show(thief, page.url.href))).toBe(true);
  });

  it('can begin again with another account', async () => {
    const page = await toCode(browser);
    const again = await show(browser, page.url.href, { form_token: formTokenOf(page), decision: 'start-over' });
    expect(isLoginPage(again)).toBe(true);
    const late = await post(browser, page, {
      form_token: formTokenOf(page),
      decision: 'code',
      code: await freshCode(),
    });
    expect([late.status, late.body.includes('That took too long.')]).toEqual([422, true]);
  });

  it.each(['', '000000', 'abcdef', '1234567', 'AAAA-AAAA-AAAA-AAAA', "' OR 1=1 --"])(
    'refuses the code %j, with a row in the audit',
    async (code) => {
      const page = await toCode(browser);
      const wrong = await enter(browser, page, code);
      expect(wrong.status).toBe(422);
      expect(wrong.body).toContain('This code is not right.');
      expect((await auditTypes()).at(-1)).toBe('login.failed');
      expect((await enter(browser, wrong, await freshCode())).url.searchParams.has('code')).toBe(true);
    },
  );

  it('accepts a code once, of many that come at the same time at both replicas (RFC 6238 §5.2)', async () => {
    const browsers = Array.from({ length: 6 }, () => new Browser(replicas));
    const pages = await Promise.all(browsers.map((one) => toCode(one)));
    const code = await freshCode();
    const answers = await Promise.all(
      pages.map((page, at) =>
        post(browsers[at] ?? browser, page, { form_token: formTokenOf(page), decision: 'code', code }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(5);
    const [row] = await dataSource.query(
      `SELECT count(*)::int AS count FROM auth.audit_row WHERE reason = 'replayed_code' AND on_behalf_of = $1`,
      [person.sub],
    );
    expect(row).toEqual({ count: 5 });
  });

  it('accepts the code that set it up for that alone', async () => {
    await dataSource.query('UPDATE auth.authenticator SET last_step = $2 WHERE sub = $1', [person.sub, totpStep()]);
    const page = await toCode(browser);
    expect((await enter(browser, page, totpCode(secret, totpStep()))).status).toBe(422);
  });

  it('accepts each recovery code once, however it is typed', async () => {
    const [code = ''] = codes;
    const typed = ` ${code.toLowerCase().replaceAll('-', ' ')} `;
    expect((await enter(browser, await toCode(browser), typed)).url.searchParams.has('code')).toBe(true);
    const other = new Browser(replicas);
    expect((await enter(other, await toCode(other), code)).status).toBe(422);
    expect(await auditTypes()).toContain('recovery_code.used');
    expect((await show(browser, '/account')).body).toContain('9 recovery codes are left.');
  });

  it('is throttled: ten wrong codes, then a wait, over both replicas and every login of the account', async () => {
    const page = await toCode(browser);
    const answers = [];
    for (let index = 0; index < 12; index += 1) answers.push(await enter(browser, page, '000000'));
    expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 10 }, () => 422), 429, 429]);
    expect(Number(answers.at(-1)?.headers['retry-after'])).toBeGreaterThan(60);
    const other = new Browser(replicas);
    expect((await enter(other, await toCode(other), await freshCode())).status).toBe(429);
    expect((await auditTypes()).at(-1)).toBe('login.throttled');
  });

  it('does not lock out a browser that has signed in before', async () => {
    await enter(browser, await toCode(browser), await freshCode());
    const stranger = new Browser(replicas);
    const page = await toCode(stranger);
    await enter(stranger, page, '000000');
    await dataSource.query(`UPDATE auth.login_throttle SET level = 10 WHERE kind = 'code'`);
    expect((await enter(stranger, await toCode(stranger), await freshCode())).status).toBe(429);
    browser.forget(/session/);
    expect((await enter(browser, await toCode(browser), await freshCode())).url.searchParams.has('code')).toBe(true);
  });

  it('is void when the password is changed meanwhile', async () => {
    const page = await toCode(browser);
    const owner = new Browser(replicas);
    await enter(owner, await login(owner, await show(owner, '/account'), person), await freshCode());
    const next = 'another sentence to remember';
    const form = { decision: 'change-password', password, new_password: next, new_password_again: next };
    const changed = await act(await show(owner, '/account'), form, owner);
    expect(changed.body).toContain('Your password is changed');
    expect((await enter(browser, page, await freshCode())).status).toBe(422);
  });

  it('ends when it is turned off with the password and a code, not with the password alone', async () => {
    const account = await enter(
      browser,
      await login(browser, await show(browser, '/account'), person),
      await freshCode(),
    );
    const wrong = await act(account, { decision: 'turn-off', password, code: '000000' });
    expect([wrong.status, wrong.body.includes('This code is not right.')]).toEqual([422, true]);
    const off = await act(account, { decision: 'turn-off', password, code: await freshCode() });
    expect(off.body).toContain('Two-step sign-in is off.');
    const other = new Browser(replicas);
    expect((await login(other, await show(other, '/account'), person)).body).toContain('<h1>Your account</h1>');
    expect(await auditTypes()).toContain('second_factor.removed');
  });

  it('has new recovery codes when its owner asks, and the former ones are void', async () => {
    const account = await enter(
      browser,
      await login(browser, await show(browser, '/account'), person),
      await freshCode(),
    );
    const renewed = codesOf(await act(account, { decision: 'renew-codes', password }));
    expect(renewed).toHaveLength(10);
    const other = new Browser(replicas);
    const page = await toCode(other);
    expect((await enter(other, page, codes[0] ?? '')).status).toBe(422);
    expect((await enter(other, page, renewed[0] ?? '')).url.searchParams.has('code')).toBe(true);
  });

  /** A code that has not been used: as if some time had passed since the last one. */
  async function freshCode(): Promise<string> {
    await dataSource.query('UPDATE auth.authenticator SET last_step = 0');
    return totpCode(secret, totpStep());
  }
});

/** The page that asks for the code, on the way to an application. */
async function toCode(visitor: Browser): Promise<Page> {
  return await login(visitor, await decide(visitor, await begin(visitor, client)), person);
}

function enter(visitor: Browser, page: Page, code: string): Promise<Page> {
  return show(visitor, page.url.href, { form_token: formTokenOf(page), decision: 'code', code });
}

function act(page: Page, fields: Record<string, string>, visitor = browser): Promise<Page> {
  return show(visitor, '/account', { form_token: formTokenOf(page), ...fields });
}

/** Signs in and sets up an authenticator, up to its page or to its end. */
async function enrolIn(visitor: Browser): Promise<Page>;
async function enrolIn(visitor: Browser, toTheEnd: true): Promise<{ secret: Buffer; codes: string[] }>;
async function enrolIn(visitor: Browser, toTheEnd = false): Promise<Page | { secret: Buffer; codes: string[] }> {
  const account = await login(visitor, await show(visitor, '/account'), person);
  const page = await act(account, { decision: 'set-up', password }, visitor);
  if (!toTheEnd) return page;
  const secret = secretOf(page);
  const form = { decision: 'turn-on', enrolment: enrolmentOf(page), code: totpCode(secret, totpStep()) };
  return { secret, codes: codesOf(await act(page, form, visitor)) };
}

function secretOf(page: Page): Buffer {
  return keyOfLetters(/<code class="key">([A-Z2-7 ]+)<\/code>/.exec(page.body)?.[1] ?? '');
}

function enrolmentOf(page: Page): string {
  return /name="enrolment" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
}

function codesOf(page: Page): string[] {
  return [...page.body.matchAll(/<code>([A-Z2-7-]{19})<\/code>/g)].map(([, code]) => code ?? '');
}

async function authenticators(): Promise<unknown[]> {
  return await dataSource.query('SELECT 1 FROM auth.authenticator WHERE sub = $1', [person.sub]);
}

async function auditTypes(): Promise<string[]> {
  const rows = await dataSource.query<{ type: string }[]>(
    'SELECT type FROM auth.audit_row WHERE actor = $1 OR on_behalf_of = $1 ORDER BY id',
    [person.sub],
  );
  return rows.map(({ type }) => type);
}
