import type { IncomingMessage } from 'node:http';
import type { AllowedHosts } from './allowed-hosts.ts';
import { HttpRefusal } from '../http-refusal.ts';

/** What a request line asks for. */
interface RequestLineTarget {
  /** Of the absolute form alone. */
  host?: string;
  path: string;
  query: string | undefined;
}

/** Reads the origin form of a request target, or the absolute one, which a proxy is sent (RFC 9112 §3.2). */
export function readTarget(url: string): RequestLineTarget {
  const authority = url.startsWith('/') ? undefined : /^https?:\/\/([^/?#]*)/i.exec(url);
  if (authority)
    return { host: authority[1] ?? '', ...readTarget(`/${url.slice(authority[0].length).replace(/^\//, '')}`) };
  const mark = url.indexOf('?');
  return mark === -1 ? { path: url, query: undefined } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

/**
 * Refuses a request by its line and headers alone: what node:http lets pass although it is ambiguous, and what a page
 * on another site may have sent through the user's browser.
 * @returns what its line asks for
 * @throws HttpRefusal 400 and close, or 421
 */
export function checkRequestHead(request: IncomingMessage, allowedHosts: AllowedHosts): RequestLineTarget {
  // RFC 9112 §3: a request line names its version; node:http reads one without as HTTP/0.9.
  if (request.httpVersionMajor !== 1)
    throw new HttpRefusal(400, 'the request line names no HTTP/1 version', { closes: true });
  // RFC 9112 §3.2: more than one Host is 400; the parsed headers keep only the first.
  if (countHeader(request.rawHeaders, 'host') !== 1)
    throw new HttpRefusal(400, 'exactly one Host header is needed', { closes: true });
  const target = readTarget(request.url ?? '');
  // RFC 9112 §3.2.2: the host of an absolute target replaces Host. RFC 9110 §15.5.20: it is not ours.
  if (!allowedHosts.allowsHost(target.host ?? request.headers.host ?? ''))
    throw new HttpRefusal(421, 'the request names another host');
  return target;
}

/**
 * MCP 2026-07-28 Streamable HTTP §Security & Endpoint: a present and invalid Origin is 403.
 * @throws HttpRefusal 403
 */
export function checkOrigin(request: IncomingMessage, allowedHosts: AllowedHosts): void {
  const { origin } = request.headers;
  if (origin !== undefined && !allowedHosts.allowsOrigin(origin))
    throw new HttpRefusal(403, 'the Origin is not allowed');
}

/**
 * Refuses a request whose body is not JSON, or is compressed, or whose sender does not understand both kinds of answer
 * (MCP 2026-07-28 Streamable HTTP §Sending Messages).
 * @throws HttpRefusal 415 or 406
 */
export function checkMediaTypes(request: IncomingMessage): void {
  const { 'content-type': contentType, 'content-encoding': encoding, accept } = request.headers;
  if (contentType !== 'application/json' && !isJson(contentType))
    throw new HttpRefusal(415, 'Content-Type must be application/json');
  // RFC 9110 §15.5.16: the answer names the codings that are accepted.
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new HttpRefusal(415, 'Content-Encoding must be identity', { headers: { 'accept-encoding': 'identity' } });
  if (accept === undefined || accept === 'application/json, text/event-stream') return;
  if (!accepts(accept, 'application/json') || !accepts(accept, 'text/event-stream'))
    throw new HttpRefusal(406, 'Accept must list application/json and text/event-stream');
}

function isJson(contentType: string | undefined): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json';
}

function accepts(accept: string, type: string): boolean {
  const [group] = type.split('/');
  return accept.split(',').some((range) => {
    const [name, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const refused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    return !refused && (name === type || name === `${group}/*` || name === '*/*');
  });
}

function countHeader(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const header = rawHeaders[index] as string;
    if (header.length === name.length && header.toLowerCase() === name) count++;
  }
  return count;
}
