import { createHash, randomBytes } from 'node:crypto';

/** 400 days, the most that browsers keep a cookie. */
const lifetimeSeconds = 400 * 24 * 60 * 60;

/** The cookie that tells one browser from another; it says nothing about who sits in front of it. */
export interface BrowserCookie {
  /** Name of the cookie: `__Host-` binds it to this very host, which an http loopback issuer cannot ask for. */
  name: string;
  secure: boolean;
}

/** The browser cookie of an issuer. */
export function browserCookie(issuer: string): BrowserCookie {
  const secure = issuer.startsWith('https:');
  return { name: secure ? '__Host-gatehouse_browser' : 'gatehouse_browser', secure };
}

/** The browser's id in a `Cookie` header; undefined when it has none, or one that we did not make. */
export function readBrowserId(cookie: BrowserCookie, header: string | undefined): string | undefined {
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${cookie.name}=`))
    .map((pair) => pair.slice(cookie.name.length + 1));
  return values.find((value) => /^[\w-]{43}$/.test(value));
}

/** A new browser id: 256 random bits. */
export function newBrowserId(): string {
  return randomBytes(32).toString('base64url');
}

/** The `Set-Cookie` value for a browser id. Lax, because people arrive from their application's link. */
export function writeBrowserId(cookie: BrowserCookie, browserId: string): string {
  const secure = cookie.secure ? '; Secure' : '';
  return `${cookie.name}=${browserId}; Path=/; Max-Age=${lifetimeSeconds}; HttpOnly; SameSite=Lax${secure}`;
}

/** What the database knows of a browser: a stolen table lets nobody be it. */
export function browserDigest(browserId: string): string {
  return createHash('sha256').update(browserId).digest('base64url');
}
