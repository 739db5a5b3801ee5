import { describe, expect, it } from 'vitest';
import { browserCookie, newBrowserId, readBrowserId, writeBrowserId } from './browser-cookie.ts';

const id = newBrowserId();

describe('the browser cookie', () => {
  it('is a __Host- cookie on https: secure, for this host and every path', () => {
    const written = writeBrowserId(browserCookie('https://auth.example'), id);
    expect(written).toBe(`__Host-gatehouse_browser=${id}; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax; Secure`);
  });

  it('is neither prefixed nor secure on an http loopback issuer, where browsers would drop it', () => {
    expect(writeBrowserId(browserCookie('http://localhost:4000'), id)).toBe(
      `gatehouse_browser=${id}; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax`,
    );
  });

  it('is read back among other cookies', () => {
    expect(readBrowserId(browserCookie('http://localhost:4000'), `a=b; gatehouse_browser=${id}; c=d`)).toBe(id);
  });

  it.each([
    ['no header', undefined],
    ['another cookie', 'xgatehouse_browser=abc'],
    ['an empty value', 'gatehouse_browser='],
    ['a value of another length', `gatehouse_browser=${id}x`],
    ['a value of other characters', `gatehouse_browser=${'<'.repeat(43)}`],
    ['the cookie of an http issuer on https', `gatehouse_browser=${id}`, 'https://auth.example'],
  ])('is ignored when there is %s', (_case, header, issuer = 'http://localhost:4000') => {
    expect(readBrowserId(browserCookie(issuer), header)).toBeUndefined();
  });
});
