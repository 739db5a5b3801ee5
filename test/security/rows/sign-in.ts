import { describe, expect, it } from 'vitest';
import { Browser } from '../../support/authorization/browser.ts';
import { administrator } from '../../support/authorization/issuer.ts';
import { begin, decide, formTokenOf, post } from '../../support/authorization/pages.ts';
import type { Page } from '../../support/authorization/pages.ts';
import { stack } from '../stack/running-stack.ts';

const attempts = 20;

/** One wrong password at the login page, and how long the answer took. */
async function guess(browser: Browser, page: Page, email: string): Promise<{ answer: Page; tookMs: number }> {
  const startedAt = performance.now();
  const form = { form_token: formTokenOf(page), decision: 'login', email, password: `wrong ${startedAt}` };
  return { answer: await post(browser, page, form), tookMs: performance.now() - startedAt };
}

/** What a page shows, without what differs from page to page. */
function shown({ status, body }: Page, email: string): { status: number; text: string } {
  const text = body
    .replace(email, '')
    .replace(/name="form_token" value="[^"]+"/, '')
    .replace(/in \d+ seconds/, 'in n seconds');
  return { status, text };
}

describe('twenty wrong passwords over two servers', () => {
  it('end in 429, with the same answers and in the same time for an account that does not exist', async () => {
    const emails = [administrator.email, 'nobody@example.com'];
    const guesses: Record<string, { answer: Page; tookMs: number }[]> = {};
    const visits = await Promise.all(
      emails.map(async (email) => {
        const browser = new Browser(stack());
        return { email, browser, page: await decide(browser, await begin(browser, stack().client)) };
      }),
    );
    try {
      // In turn, so that what else the machine does concerns both alike.
      for (let attempt = 0; attempt < attempts; attempt++) {
        for (const { email, browser, page } of visits) (guesses[email] ??= []).push(await guess(browser, page, email));
      }
      const [known = [], unknown = []] = emails.map((email) => guesses[email]);
      expect(known.map(({ answer }) => answer.status)).toEqual([
        ...Array.from({ length: 10 }, () => 422),
        ...Array.from({ length: 10 }, () => 429),
      ]);
      expect(Number(known.at(-1)?.answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(unknown.map(({ answer }) => shown(answer, 'nobody@example.com'))).toEqual(
        known.map(({ answer }) => shown(answer, administrator.email)),
      );
      const fastest = (all: typeof known) => Math.min(...all.slice(0, 10).map(({ tookMs }) => tookMs));
      expect(fastest(unknown) / fastest(known)).toBeGreaterThan(0.6);
      expect(fastest(unknown) / fastest(known)).toBeLessThan(1.7);
    } finally {
      await stack().database.query('DELETE FROM auth.login_throttle');
    }
  });
});
