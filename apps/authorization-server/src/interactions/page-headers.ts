import { createHash } from 'node:crypto';
import { style } from './pages/style.ts';

const styleSource = `'sha256-${createHash('sha256').update(style).digest('base64')}'`;

/**
 * Headers of every page that a person sees. A page may load nothing but its own style, may not be framed, and may send
 * forms to this server only, or nowhere when it has none (docs/decisions/0017).
 * @param options.hasLogo lets it load images of this server.
 * @param options.https adds HSTS; an http issuer is loopback and must not claim the host name for https.
 */
export function pageHeaders(options: {
  https: boolean;
  /** In which it is written; the same URL answers in others too. */
  language: string;
  hasForm?: boolean;
  hasLogo?: boolean;
}): Record<string, string> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-language': options.language,
    vary: 'accept-language',
    'cache-control': 'no-store',
    'content-security-policy': [
      "default-src 'none'",
      `style-src ${styleSource}`,
      `img-src ${options.hasLogo ? "'self' " : ''}data:`,
      `form-action ${options.hasForm ? "'self'" : "'none'"}`,
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ].join('; '),
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    // Said out loud, not forgotten: anything stricter cuts `window.opener`, and clients that open this page in a popup
    // then take the login for cancelled (docs/decisions/0010).
    'cross-origin-opener-policy': 'unsafe-none',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
    'x-robots-tag': 'noindex, nofollow',
    ...(options.https ? { 'strict-transport-security': 'max-age=31536000; includeSubDomains' } : {}),
  };
}
