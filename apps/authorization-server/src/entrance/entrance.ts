import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { newTraceId, parseTraceparent } from '@gatehouse/runtime';
import type { Logger } from '@gatehouse/runtime';
import type { BoundedAudit } from '../audit/bounded-audit.ts';
import { defaultTenant } from '../config.ts';
import { reportRequest } from '../events.ts';
import { callerAddress } from './caller-address.ts';
import type { IssuerAddress } from './issuer-address.ts';
import { maskPath } from './mask-path.ts';
import { runRequest } from './request-context.ts';
import { setSecurityHeaders } from './security-headers.ts';

/** What stands behind the entrance. */
interface EntranceOptions {
  address: IssuerAddress;
  trustedProxies: number;
  provider: RequestListener;
  pages: RequestListener;
  audit: BoundedAudit;
  logger: Logger;
}

/**
 * The first and only door: gives the request its ids, sets the security headers, refuses every Host but the issuer's,
 * and sends the rest to the provider or the pages.
 */
export function createEntrance(options: EntranceOptions): RequestListener {
  const { address } = options;
  return (request, response) => {
    setSecurityHeaders(response, address.isHttps);
    const caller = callerAddress(request, options.trustedProxies);
    const traceId = parseTraceparent(request.headers.traceparent)?.traceId ?? newTraceId();
    logWhenAnswered(options.logger, request, response, { traceId, address: caller });
    const refusal = refuse(request, address);
    if (refusal) {
      if (refusal.status === 421) auditForeignHost(options.audit, request, { traceId, address: caller });
      return sendRefusal(request, response, refusal);
    }
    const destination = address.find(request.url ?? '/');
    if (!destination) return sendRefusal(request, response, { status: 404, error: 'nothing is served here' });
    request.url = destination.url;
    (request as IncomingMessage & { originalUrl?: string }).originalUrl = destination.originalUrl;
    tellForwarded(request, address, caller);
    const userAgent = request.headers['user-agent'];
    const context = { traceId, address: caller, ...(userAgent === undefined ? {} : { userAgent }) };
    runRequest(context, () => options[destination.to](request, response));
  };
}

interface Refusal {
  status: number;
  error: string;
}

function refuse(request: IncomingMessage, address: IssuerAddress): Refusal | undefined {
  const hosts = request.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  if (hosts.length !== 1) return { status: 400, error: 'exactly one Host header is needed' };
  // RFC 9110 §7.4: this server answers for its issuer alone, and URLs are never built from another name.
  if (!address.isOwnHost(request.headers.host ?? '')) {
    return { status: 421, error: 'this host is not served here' };
  }
  if (!/^\/(?!\/)/.test(request.url ?? '')) return { status: 400, error: 'the request target must be a path' };
  return undefined;
}

function sendRefusal(request: IncomingMessage, response: ServerResponse, { status, error }: Refusal): void {
  request.resume();
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(`${JSON.stringify({ error: 'invalid_request', error_description: error })}\n`);
}

/** Somebody may be rebinding a name to this address, or a proxy in front of it rewrites Host. */
function auditForeignHost(
  audit: BoundedAudit,
  request: IncomingMessage,
  ids: { traceId: string; address: string },
): void {
  const details = { host: request.headers.host?.slice(0, 255) };
  const event = { type: 'request.refused', tenantId: defaultTenant, outcome: 'failure', ...ids } as const;
  void audit.record({ ...event, reason: 'foreign_host', details });
}

/** What the libraries behind take from forwarded headers is what was found here, never what the caller wrote. */
function tellForwarded(request: IncomingMessage, address: IssuerAddress, caller: string): void {
  delete request.headers['x-forwarded-host'];
  request.headers.host = address.host;
  request.headers['x-forwarded-proto'] = address.isHttps ? 'https' : 'http';
  request.headers['x-forwarded-for'] = caller;
}

function logWhenAnswered(
  logger: Logger,
  request: IncomingMessage,
  response: ServerResponse,
  ids: { traceId: string; address: string },
): void {
  const startedAt = performance.now();
  const requestId = randomUUID();
  const path = maskPath(request.url ?? '');
  response.setHeader('x-request-id', requestId);
  response.once('close', () => {
    const durationMs = Math.round((performance.now() - startedAt) * 10) / 10;
    const { method = '' } = request;
    reportRequest(logger, { method, path, status: response.statusCode, durationMs, requestId, ...ids });
  });
}
