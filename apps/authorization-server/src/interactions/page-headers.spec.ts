import { describe, expect, it } from 'vitest';
import { pageHeaders } from './page-headers.ts';
import { renderErrorPage } from './pages/error-page.tsx';
import { english } from './pages/english.ts';
import { createHash } from 'node:crypto';

const page = { https: false, language: 'de' };

describe('the headers of a page', () => {
  it('let it load nothing but its own style, be framed by nobody and send forms nowhere', () => {
    const style = /<style>([\s\S]*?)<\/style>/.exec(
      renderErrorPage({ texts: english, words: english.errors.generic, host: 'x' }),
    )?.[1];
    const hash = createHash('sha256')
      .update(style ?? '')
      .digest('base64');
    expect(pageHeaders(page)['content-security-policy']).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'`,
    );
  });

  it('let a page with a logo load it from this server alone', () => {
    const { 'content-security-policy': policy } = pageHeaders({ ...page, hasLogo: true });
    expect(policy).toContain("; img-src 'self' data:;");
  });

  it('let a form go to this server alone', () => {
    const { 'content-security-policy': policy } = pageHeaders({ ...page, hasForm: true });
    expect(policy).toContain("form-action 'self';");
  });

  it('claim the host for https only when the issuer is https', () => {
    expect(pageHeaders({ ...page, https: true })['strict-transport-security']).toMatch(/^max-age=31536000/);
    expect(pageHeaders(page)).not.toHaveProperty('strict-transport-security');
  });

  it.each([
    ['cache-control', 'no-store'],
    ['x-content-type-options', 'nosniff'],
    ['x-frame-options', 'DENY'],
    ['referrer-policy', 'same-origin'],
    ['cross-origin-opener-policy', 'unsafe-none'],
    ['cross-origin-resource-policy', 'same-origin'],
    ['permissions-policy', /camera=\(\)/],
    ['content-type', 'text/html; charset=utf-8'],
    ['content-language', 'de'],
    ['vary', 'accept-language'],
  ])('hold %s', (name, value) => {
    expect(pageHeaders({ ...page, https: true })[name]).toMatch(value);
  });
});
