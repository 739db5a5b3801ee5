import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { mkdirSync, mkdtempSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import axe from 'axe-core';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { launchBrowser } from '../../../test/support/browser.ts';
import { hasChromium } from '../../../test/support/prerequisites.ts';
import { createAccount } from '../src/accounts/accounts.ts';
import { hashPassword } from '../src/accounts/password-hash.ts';
import { totpCode, totpStep } from '../src/accounts/totp.ts';
import { Browser } from '../../../test/support/authorization/browser.ts';
import { keyOfLetters } from './key-letters.ts';
import { McpClient } from '../../../test/support/authorization/mcp-client.ts';
import { administrator, freePort, startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

vi.setConfig({ testTimeout: 60_000 });

type Chromium = Awaited<ReturnType<typeof launchBrowser>>;
type Context = NonNullable<Parameters<Chromium['newPage']>[0]>;
type Tab = Awaited<ReturnType<Chromium['newPage']>>;

/** A phone, or a desktop at 400 % zoom (WCAG 2.2 §1.4.10); the desktop at 200 % (§1.4.4); the desktop. */
const widths = [320, 640, 1_280];

const scope = 'mcp files:read files:write';
const screenshots: (Context & { suffix: string })[] = [
  { suffix: '', colorScheme: 'light', locale: 'en-US' },
  { suffix: '-dark', colorScheme: 'dark', locale: 'en-US' },
  { suffix: '-de', colorScheme: 'light', locale: 'de-DE' },
  // A window of 880 at 200 %.
  { suffix: '-zoomed', locale: 'en-US', viewport: { width: 440, height: 640 }, deviceScaleFactor: 2 },
];
const owner = { email: 'you@example.com', password: 'a sentence to remember' };

describe.runIf(hasChromium('the authorization pages in a browser'))('the pages in Chromium', () => {
  let replicas: Replicas;
  let dataSource: DataSource;
  let chromium: Chromium;
  let callbackServer: Server;
  let callback: string;
  let mcpClient: McpClient;

  beforeAll(async () => {
    const port = await freePort();
    const address = { AUTH_PORT: String(port), AUTH_ISSUER: `http://localhost:${port}` };
    replicas = await startReplicas(1, address);
    dataSource = await replicas.database.open();
    await addFilesServer(dataSource);
    const passwordHash = await hashPassword(owner.password);
    await createAccount(dataSource.manager, { tenantId: 'default', email: owner.email, passwordHash, roles: [] });
    callbackServer = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '/', 'http://client');
      const framed = searchParams.get('frame');
      const next = searchParams.get('then');
      if (next !== null) response.writeHead(302, { location: next });
      else response.setHeader('content-type', 'text/html');
      response.end(
        framed === null ? '<h1>Connected</h1>' : `<iframe src="${framed.replaceAll('&', '&amp;')}"></iframe>`,
      );
    });
    await new Promise<void>((resolve) => callbackServer.listen(0, '127.0.0.1', resolve));
    callback = `http://127.0.0.1:${(callbackServer.address() as AddressInfo).port}/callback`;
    mcpClient = await McpClient.register(replicas, { client_name: 'Claude Code', redirect_uris: [callback] });
    await new Browser(replicas).authorize(mcpClient.authorizationUrl({ redirect_uri: callback, scope }), owner);
    chromium = await launchBrowser();
  });

  afterAll(async () => {
    await chromium.close();
    callbackServer.close();
    await replicas.stop();
  });

  it('lead from the client and back to it without JavaScript, and the policy blocks nothing of theirs', async () => {
    const { tab, complaints } = await openTab({ javaScriptEnabled: false });
    await tab.click('button[value=approve]');
    await tab.fill('#email', administrator.email);
    await tab.fill('#password', administrator.password);
    await tab.click('button[value=login]');
    await tab.waitForURL(`${callback}?**`);
    expect(await tab.textContent('h1')).toBe('Connected');
    expect(complaints).toEqual([]);
    await tab.context().close();
  });

  it('lead to wherever the client sends the browser next, for a form is answered with a page', async () => {
    const behind = createServer((_request, response) => response.end('<h1>Behind the client</h1>'));
    await new Promise<void>((resolve) => behind.listen(0, '127.0.0.1', resolve));
    const { port } = behind.address() as AddressInfo;
    const redirectUri = `${callback}?then=${encodeURIComponent(`http://127.0.0.1:${port}/`)}`;
    const wandering = await McpClient.register(replicas, { redirect_uris: [redirectUri] });
    const { tab, complaints } = await openTab({ javaScriptEnabled: false }, redirectUri, wandering);
    await tab.click('button[value=approve]');
    await tab.fill('#email', administrator.email);
    await tab.fill('#password', administrator.password);
    await tab.click('button[value=login]');
    await tab.waitForURL(`http://127.0.0.1:${port}/`);
    expect(complaints.filter((text) => /Content Security Policy/.test(text))).toEqual([]);
    await tab.context().close();
    behind.close();
  });

  it('lead back to the client when they are denied', async () => {
    const { tab } = await openTab();
    await tab.click('button[value=deny]');
    await tab.waitForURL(`${callback}?**`);
    expect(new URL(tab.url()).searchParams.get('error')).toBe('access_denied');
    await tab.context().close();
  });

  it('can be used with the keyboard alone, with a visible focus', async () => {
    const { tab } = await openTab();
    await tab.keyboard.press('Tab');
    expect(await tab.evaluate(() => document.activeElement?.textContent)).toBe('Approve');
    expect(await tab.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle)).toBe('solid');
    await tab.keyboard.press('Enter');
    await tab.waitForSelector('#email');
    expect(await tab.evaluate(() => document.activeElement?.id)).toBe('email');
    await tab.keyboard.type(administrator.email);
    await tab.keyboard.press('Tab');
    await tab.keyboard.type(administrator.password);
    await tab.keyboard.press('Enter');
    await tab.waitForURL(`${callback}?code=**`);
    await tab.context().close();
  });

  it('take a double click for one', async () => {
    const { tab } = await openTab();
    await tab.dblclick('button[value=approve]');
    await tab.waitForSelector('#email');
    await tab.fill('#email', administrator.email);
    await tab.fill('#password', administrator.password);
    await tab.dblclick('button[value=login]');
    await tab.waitForURL(`${callback}?**`);
    expect(new URL(tab.url()).searchParams.has('code')).toBe(true);
    await tab.context().close();
  });

  it('name their fields, their problem and their landmarks for assistive technology', async () => {
    const { tab } = await openTab();
    await tab.click('button[value=approve]');
    await tab.getByLabel('E-mail').fill('nobody@example.com');
    await tab.getByLabel('Password').fill('wrong');
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await tab.getByRole('alert').waitFor();
    expect(await tab.getByLabel('Password').getAttribute('aria-describedby')).toBe('problem');
    expect(await tab.getByLabel('E-mail').getAttribute('autocomplete')).toBe('username');
    expect(await tab.getByLabel('Password').getAttribute('autocomplete')).toBe('current-password');
    expect(await tab.title()).toMatch(/^There is a problem/);
    expect(await tab.getByRole('main').count()).toBe(1);
    expect(await tab.getByRole('banner').count()).toBe(1);
    expect(await tab.getByRole('heading', { level: 1 }).count()).toBe(1);
    await tab.context().close();
  });

  it('refuse to be framed', async () => {
    const tab = await chromium.newPage();
    await tab.goto(`${callback}?frame=${encodeURIComponent(mcpClient.authorizationUrl({ redirect_uri: callback }))}`);
    await expect.poll(() => tab.frames()[1]?.url()).toBe('chrome-error://chromewebdata/');
    await tab.close();
  });

  it('let the account be seen and changed with the keyboard alone, without JavaScript', async () => {
    const context = await chromium.newContext({ javaScriptEnabled: false });
    const tab = await context.newPage();
    await tab.goto(`${replicas.issuer}/account`);
    await signInByKeyboard(tab);
    await focus(tab, 'Set up');
    await tab.keyboard.press('Enter');
    await tab.keyboard.press('Tab');
    await tab.keyboard.type(owner.password);
    await tab.keyboard.press('Enter');
    const key = await readKey(tab);
    await tab.keyboard.press('Tab');
    await tab.keyboard.type(totpCode(key, totpStep()));
    await tab.keyboard.press('Enter');
    await tab.waitForSelector('.codes');
    await tab.keyboard.press('Tab');
    await tab.keyboard.press('Enter');
    await tab.getByText('Two-step sign-in is on.').waitFor();
    await focus(tab, 'Sign out');
    await tab.keyboard.press('Enter');
    await tab.getByText('You are signed out.').waitFor();
    await signInByKeyboard(tab);
    await tab.keyboard.type(totpCode(key, totpStep() + 1));
    await tab.keyboard.press('Enter');
    await tab.waitForSelector('#clients');
    expect(new URL(tab.url()).pathname).toBe('/account');
    await context.close();
    await forgetAuthenticator();
  });

  it.each([
    { colorScheme: 'light', locale: 'en-US', titles: ['Connect Claude Code?', 'Sign in', 'Your account'] },
    {
      colorScheme: 'dark',
      locale: 'de-DE',
      titles: ['Claude Code verbinden?', 'Anmelden', 'Ihr Konto'],
    },
  ] as const)('please axe-core and fit every width: $colorScheme, $locale', async ({ titles, ...look }) => {
    const seen: string[] = [];
    const visit = async (tab: Tab, name: string) => {
      await tab.evaluate(() => document.querySelectorAll('details').forEach((details) => (details.open = true)));
      seen.push(await tab.innerText('h1'));
      expect(await tab.getAttribute('html', 'lang')).toBe(look.locale.slice(0, 2));
      for (const width of widths) {
        await tab.setViewportSize({ width, height: 720 });
        expect([name, await tab.evaluate(() => document.documentElement.scrollWidth)]).toEqual([name, width]);
      }
      expect([name, await complaintsOfAxe(tab)]).toEqual([name, []]);
    };
    await tour({ ...look, viewport: { width: 880, height: 640 } }, visit);
    expect(seen).toEqual(expect.arrayContaining([...titles]));
    expect(new Set(seen).size).toBe(7);
  });

  it.each(process.env.GATEHOUSE_SCREENSHOTS === undefined ? screenshots.slice(0, 1) : screenshots)(
    'show themselves in screenshots for the documentation$suffix',
    async ({ suffix, ...look }) => {
      const { tab } = await openTab(
        { viewport: { width: 880, height: 640 }, ...look },
        'http://127.0.0.1:33418/callback',
      );
      await shoot(tab, `approval${suffix}`);
      await tab.click('button[value=approve]');
      await tab.waitForSelector('#email');
      await shoot(tab, `login${suffix}`);
      await tab.goto(`${replicas.issuer}/account`);
      await signIn(tab);
      await tab.waitForSelector('.item');
      await tidyUp();
      await tab.goto(`${replicas.issuer}/account`);
      await tab.waitForSelector('.item');
      expect((await shoot(tab, `account${suffix}`)).size).toBeGreaterThan(5_000);
      await tab.context().close();
    },
  );

  /** Every kind of page that a person sees, in the order in which one comes to them. */
  async function tour(options: Context, visit: (tab: Tab, name: string) => Promise<void>): Promise<void> {
    const { tab } = await openTab(options);
    await visit(tab, 'approval');
    await tab.click('button[value=approve]');
    await tab.waitForSelector('#email');
    await visit(tab, 'login');
    await signIn(tab, 'wrong');
    await tab.waitForSelector('[role=alert]');
    await visit(tab, 'login-problem');
    await signIn(tab);
    await tab.waitForURL(`${callback}?**`);
    await tab.goto(`${replicas.issuer}/account`);
    await visit(tab, 'account');
    await tab.fill('#set-up-password', owner.password);
    await tab.click('button[value=set-up]');
    await tab.waitForSelector('.qr');
    await visit(tab, 'authenticator');
    await tab.fill('#code', totpCode(await readKey(tab), totpStep()));
    await tab.click('button[value=turn-on]');
    await tab.waitForSelector('.codes');
    await visit(tab, 'recovery-codes');
    await tab.click('a.button');
    await tab.waitForSelector('#turn-off-code', { state: 'attached' });
    await visit(tab, 'account-two-steps');
    await tab.click('button[value=sign-out]');
    await signIn(tab);
    await tab.waitForSelector('#code');
    await visit(tab, 'code');
    await tab.goto(`${replicas.issuer}/interaction/nothing`);
    await visit(tab, 'error');
    await tab.context().close();
    await forgetAuthenticator();
  }

  /** The last browser and one of some hours ago, as a person would have them. */
  async function tidyUp(): Promise<void> {
    await dataSource.query(
      `WITH mine AS (
         SELECT uid, row_number() OVER (ORDER BY last_used_at DESC) AS place FROM auth.browser_session
         WHERE sub = (SELECT sub FROM auth.account WHERE email = $1) AND ended_at IS NULL
       )
       UPDATE auth.browser_session AS present SET
         ended_at = CASE WHEN place > 2 THEN now() END,
         user_agent = CASE WHEN place = 1 THEN user_agent ELSE 'Mac OS X Safari/605' END,
         payload = CASE WHEN place = 1 THEN payload
           ELSE jsonb_set(payload, '{loginTs}', to_jsonb(extract(epoch FROM now() - interval '5 hours')::int)) END,
         last_used_at = CASE WHEN place = 1 THEN last_used_at ELSE now() - interval '3 hours' END
       FROM mine WHERE mine.uid = present.uid`,
      [owner.email],
    );
    await dataSource.query(
      `UPDATE auth.oauth_grant SET last_used_at = now() - interval '12 minutes', created_at = now() - interval '6 days'`,
    );
  }

  async function forgetAuthenticator(): Promise<void> {
    for (const table of ['authenticator', 'pending_sign_in']) await dataSource.query(`DELETE FROM auth.${table}`);
  }

  async function openTab(options: Context = {}, redirectUri = callback, client = mcpClient) {
    const context = await chromium.newContext(options);
    const tab = await context.newPage();
    const complaints: string[] = [];
    tab.on('console', (message) => complaints.push(message.text()));
    tab.on('requestfailed', (request) => complaints.push(request.url()));
    await tab.goto(client.authorizationUrl({ redirect_uri: redirectUri, scope }));
    return { tab, complaints };
  }
});

/** Reads the key off the page that sets up an authenticator. */
async function readKey(tab: Tab): Promise<Buffer> {
  return keyOfLetters(await tab.innerText('code'));
}

async function signIn(tab: Tab, password = owner.password): Promise<void> {
  await tab.fill('#email', owner.email);
  await tab.fill('#password', password);
  await tab.click('button[value=login]');
}

async function signInByKeyboard(tab: Tab): Promise<void> {
  await tab.waitForSelector('#email:focus');
  await tab.keyboard.type(owner.email);
  await tab.keyboard.press('Tab');
  await tab.keyboard.type(owner.password);
  await tab.keyboard.press('Enter');
  await tab.waitForSelector('#clients, #code:focus');
}

/** Goes on with the Tab key until what carries these words has the focus, visibly. */
async function focus(tab: Tab, words: string): Promise<void> {
  for (let count = 0; count < 40; count += 1) {
    await tab.keyboard.press('Tab');
    const focused = await tab.evaluate(() => {
      const { textContent } = document.activeElement!;
      return { words: textContent, outline: getComputedStyle(document.activeElement!).outlineStyle };
    });
    if (focused.words !== words) continue;
    expect(focused.outline).toBe('solid');
    return;
  }
  throw new Error(`nothing that says ${words} can be reached with the Tab key`);
}

/** What axe-core finds, rules of good practice included: each rule with the elements that break it. */
async function complaintsOfAxe(tab: Tab): Promise<string[]> {
  await tab.evaluate(axe.source);
  return await tab.evaluate(async () => {
    const run = (globalThis as unknown as { axe: typeof axe }).axe;
    const { violations } = await run.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
}

const folder = process.env.GATEHOUSE_SCREENSHOTS ?? mkdtempSync(path.join(tmpdir(), 'gatehouse-screenshots-'));

/** The port of this run is of no interest to a reader. */
async function shoot(tab: Tab, name: string): Promise<{ size: number }> {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name}.png`);
  await tab.evaluate(() => {
    document.querySelector('footer')!.textContent = 'localhost:4000';
    (document.activeElement as HTMLElement).blur();
  });
  await tab.screenshot({ path: file, fullPage: true });
  return statSync(file);
}

async function addFilesServer(dataSource: DataSource): Promise<void> {
  for (const scope of ['files:read', 'files:write']) {
    await dataSource.query(
      `INSERT INTO auth.resource_scope (tenant_id, scope, server, version) VALUES ('default', $1, 'files', '1')`,
      [scope],
    );
  }
  // A replica's view of these rows is a second old at most.
  await setTimeout(1_100);
}
