import type { IncomingMessage, ServerResponse } from 'node:http';

const allowedHeaders = new Set([
  'accept',
  'authorization',
  'baggage',
  'content-type',
  'last-event-id',
  'mcp-method',
  'mcp-name',
  'mcp-protocol-version',
  'mcp-session-id',
  'traceparent',
  'tracestate',
]);

const exposedHeaders = 'WWW-Authenticate, Retry-After';

/** Lets the page behind an allowed Origin read the answer (Fetch §CORS protocol). Without Origin there is no page. */
export function allowOrigin(request: IncomingMessage, response: ServerResponse): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', exposedHeaders);
  response.setHeader('vary', 'Origin');
}

/** Answers a preflight of an allowed Origin. */
export function answerPreflight(request: IncomingMessage, response: ServerResponse): void {
  const asked = request.headers['access-control-request-headers'] ?? '';
  const names = asked.split(',').map((name) => name.trim().toLowerCase());
  // `*` would not cover Authorization, and the names of Mcp-Param headers are the tool authors' own.
  const allowed = names.filter((name) => allowedHeaders.has(name) || /^mcp-param-[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name));
  response.writeHead(204, {
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': allowed.join(', '),
    'access-control-max-age': '600',
  });
  response.end();
}
