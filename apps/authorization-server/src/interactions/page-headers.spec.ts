import { describe, expect, it } from 'vitest';
import { pageHeaders } from './page-headers.ts';
import { renderErrorPage } from './pages/error-page.tsx';
import { texts } from './pages/texts.ts';
import { createHash } from 'node:crypto';

describe('the headers of a page', () => {
  it('let it load nothing but its own style, be framed by nobody and send forms nowhere', () => {
    const style = /<style>([\s\S]*?)<\/style>/.exec(renderErrorPage({ words: texts.errors.generic, host: 'x' }))?.[1];
    const hash = createHash('sha256')
      .update(style ?? '')
      .digest('base64');
    expect(pageHeaders({ https: false })['content-security-policy']).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'`,
    );
  });

  it('let a page with a logo load it from this server alone', () => {
    const { 'content-security-policy': policy } = pageHeaders({ https: false, hasLogo: true });
    expect(policy).toContain("; img-src 'self' data:;");
  });

  it('let a form go to this server alone', () => {
    const { 'content-security-policy': policy } = pageHeaders({ https: false, hasForm: true });
    expect(policy).toContain("form-action 'self';");
  });

  it('claim the host for https only when the issuer is https', () => {
    expect(pageHeaders({ https: true })['strict-transport-security']).toMatch(/^max-age=31536000/);
    expect(pageHeaders({ https: false })).not.toHaveProperty('strict-transport-security');
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
  ])('hold %s', (name, value) => {
    expect(pageHeaders({ https: true })[name]).toMatch(value);
  });
});
