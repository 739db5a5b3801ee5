import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { findChromium } from './prerequisites.ts';

/** A sign-in at the authorization server. */
export interface SignIn {
  email: string;
  password: string;
}

/** Launches a headless Chromium with a fresh profile that speaks to nobody but the pages under test. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('there is no Chromium');
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** What a person saw on the way from the client to the client. */
interface Journey {
  /** Text of the approval page. */
  approvalText: string;
  /** Titles of the pages, in order. */
  titles: string[];
}

/** Goes through the authorization pages as a person would: approve the client, sign in, land at the client's callback. */
export async function approveAndSignIn(page: Page, authorizationUrl: URL, signIn: SignIn): Promise<Journey> {
  await page.goto(authorizationUrl.href);
  const approvalText = await page.locator('main').innerText();
  const titles = [await page.title()];
  await page.click('button[value=approve]');
  await page.waitForSelector('input[type=password]');
  titles.push(await page.title());
  await page.fill('input[type=email]', signIn.email);
  await page.fill('input[type=password]', signIn.password);
  await page.click('button[type=submit]');
  await page.waitForURL((url) => url.searchParams.has('code') || url.searchParams.has('error'));
  return { approvalText, titles };
}
