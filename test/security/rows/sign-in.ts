import { describe, expect, it } from 'vitest';
import { Browser } from '../../support/authorization/browser.ts';
import { administrator } from '../../support/authorization/issuer.ts';
import { begin, decide, formTokenOf, post } from '../../support/authorization/pages.ts';
import type { Page } from '../../support/authorization/pages.ts';
import { stack } from '../stack/running-stack.ts';

const attempts = 20;
const stranger = 'nobody@example.com';

/** Somebody at the login page who guesses at one account. */
interface Guesser {
  email: string;
  browser: Browser;
  page: Page;
  guesses: { answer: Page; tookMs: number }[];
}

async function openGuesser(email: string): Promise<Guesser> {
  const browser = new Browser(stack());
  return { email, browser, page: await decide(browser, await begin(browser, stack().client)), guesses: [] };
}

/** One wrong password. */
async function guess({ email, browser, page, guesses }: Guesser): Promise<void> {
  const startedAt = performance.now();
  const form = { form_token: formTokenOf(page), decision: 'login', email, password: `wrong ${startedAt}` };
  const answer = await post(browser, page, form);
  guesses.push({ answer, tookMs: performance.now() - startedAt });
}

/** What a page shows, without what differs from page to page. */
function shown({ status, body }: Page, email: string): { status: number; text: string } {
  const text = body
    .replace(email, '')
    .replace(/name="form_token" value="[^"]+"/, '')
    .replace(/in \d+ seconds/, 'in n seconds');
  return { status, text };
}

function medianOf(values: number[]): number {
  return values.toSorted((first, second) => first - second)[Math.floor(values.length / 2)] ?? Number.NaN;
}

describe('twenty wrong passwords over two servers', () => {
  it('end in 429, with the same answers and in the same time for an account that does not exist', async () => {
    const known = await openGuesser(administrator.email);
    const unknown = await openGuesser(stranger);
    try {
      for (let attempt = 0; attempt < attempts; attempt++) {
        // At the same time, so that what else the machine does concerns both alike; each in turn at either server.
        const pair = attempt % 2 === 0 ? [known, unknown] : [unknown, known];
        await Promise.all(pair.map(guess));
      }
      expect(known.guesses.map(({ answer }) => answer.status)).toEqual([
        ...Array.from({ length: 10 }, () => 422),
        ...Array.from({ length: 10 }, () => 429),
      ]);
      const { headers, body } = known.guesses.at(-1)?.answer ?? {};
      expect([Number(headers?.['retry-after']) > 0, body?.includes('Too many attempts.')]).toEqual([true, true]);
      expect(unknown.guesses.map(({ answer }) => shown(answer, stranger))).toEqual(
        known.guesses.map(({ answer }) => shown(answer, administrator.email)),
      );
      const ratios = known.guesses.slice(0, 10).map(({ tookMs }, at) => (unknown.guesses[at]?.tookMs ?? 0) / tookMs);
      // An answer without a hash takes a tenth of the time.
      expect(medianOf(ratios)).toBeGreaterThan(0.6);
      expect(medianOf(ratios)).toBeLessThan(1.7);
    } finally {
      await stack().database.query('DELETE FROM auth.login_throttle');
    }
  });
});
