import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { mkdirSync, mkdtempSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { launchBrowser } from '../../../test/support/browser.ts';
import { hasChromium } from '../../../test/support/prerequisites.ts';
import { McpClient } from './mcp-client.ts';
import { administrator, freePort, startReplicas } from './replicas.ts';
import type { Replicas } from './replicas.ts';

vi.setConfig({ testTimeout: 60_000 });

type Chromium = Awaited<ReturnType<typeof launchBrowser>>;
type Context = NonNullable<Parameters<Chromium['newPage']>[0]>;
type Tab = Awaited<ReturnType<Chromium['newPage']>>;

/** The smallest phones, and a desktop at 200 % zoom (WCAG 2.2 §1.4.10 goes down to 320). */
const widths = [320, 360, 1_280];

describe.runIf(hasChromium('the authorization pages in a browser'))('the pages in Chromium', () => {
  let replicas: Replicas;
  let chromium: Chromium;
  let callbackServer: Server;
  let callback: string;
  let mcpClient: McpClient;

  beforeAll(async () => {
    const port = await freePort();
    const address = { AUTH_PORT: String(port), AUTH_ISSUER: `http://localhost:${port}` };
    replicas = await startReplicas(1, address);
    await addFilesServer(replicas);
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

  it.each(['light', 'dark'] as const)('fit every width and have readable contrast in %s', async (colorScheme) => {
    for (const width of widths) {
      const { tab } = await openTab({ colorScheme, viewport: { width, height: 720 } });
      for (const next of ['button[value=approve]', undefined]) {
        expect(await tab.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
        expect(await tab.evaluate(textsBelowContrast, 4.5)).toEqual([]);
        if (!next) continue;
        await tab.click(next);
        await tab.waitForSelector('#email');
      }
      await tab.context().close();
    }
  });

  it('refuse to be framed', async () => {
    const tab = await chromium.newPage();
    await tab.goto(`${callback}?frame=${encodeURIComponent(mcpClient.authorizationUrl({ redirect_uri: callback }))}`);
    await expect.poll(() => tab.frames()[1]?.url()).toBe('chrome-error://chromewebdata/');
    await tab.close();
  });

  it('show themselves in screenshots for the documentation', async () => {
    const folder = process.env.GATEHOUSE_SCREENSHOTS ?? mkdtempSync(path.join(tmpdir(), 'gatehouse-screenshots-'));
    mkdirSync(folder, { recursive: true });
    for (const [colorScheme, suffix] of [
      ['light', ''],
      ['dark', '-dark'],
    ] as const) {
      const { tab } = await openTab(
        { colorScheme, viewport: { width: 880, height: 640 } },
        'http://127.0.0.1:33418/callback',
      );
      await shoot(tab, path.join(folder, `approval${suffix}.png`));
      await tab.click('button[value=approve]');
      await tab.waitForSelector('#email');
      await shoot(tab, path.join(folder, `login${suffix}.png`));
      await tab.context().close();
    }
    expect(statSync(path.join(folder, 'login-dark.png')).size).toBeGreaterThan(5_000);
  });

  async function openTab(options: Context = {}, redirectUri = callback, client = mcpClient) {
    const context = await chromium.newContext(options);
    const tab = await context.newPage();
    const complaints: string[] = [];
    tab.on('console', (message) => complaints.push(message.text()));
    tab.on('requestfailed', (request) => complaints.push(request.url()));
    const scope = 'mcp files:read files:write';
    await tab.goto(client.authorizationUrl({ redirect_uri: redirectUri, scope }));
    return { tab, complaints };
  }
});

/** The port of this run is of no interest to a reader. */
async function shoot(tab: Tab, file: string): Promise<void> {
  await tab.evaluate(() => {
    document.querySelector('footer')!.textContent = 'localhost:4000';
    (document.activeElement as HTMLElement).blur();
  });
  await tab.screenshot({ path: file, fullPage: true });
}

/** Runs in the page: texts whose contrast with what is behind them is below `minimum` (WCAG 2.2 §1.4.3). */
function textsBelowContrast(minimum: number): string[] {
  const luminance = (color: string) => {
    const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map((part) => {
      const channel = Number(part) / 255;
      return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const backgroundOf = (element: Element | null): string => {
    const color = element ? getComputedStyle(element).backgroundColor : 'rgb(255, 255, 255)';
    return color === 'rgba(0, 0, 0, 0)' && element ? backgroundOf(element.parentElement) : color;
  };
  return [...document.querySelectorAll('body *')]
    .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim()))
    .filter((element) => {
      const luminances = [luminance(getComputedStyle(element).color), luminance(backgroundOf(element))];
      const ratio = (Math.max(...luminances) + 0.05) / (Math.min(...luminances) + 0.05);
      return ratio < minimum;
    })
    .map((element) => element.outerHTML);
}

async function addFilesServer(replicas: Replicas): Promise<void> {
  const dataSource = await replicas.database.open();
  for (const scope of ['files:read', 'files:write']) {
    await dataSource.query(
      `INSERT INTO auth.resource_scope (tenant_id, scope, server, version) VALUES ('default', $1, 'files', '1')`,
      [scope],
    );
  }
  // A replica's view of these rows is a second old at most.
  await setTimeout(1_100);
}
