import fc from 'fast-check';
import { encodeName } from './encode-request.ts';
import { anyText, textMutation } from './json-text.ts';
import { anyMessage } from './messages.ts';
import type { TextMutation } from './json-text.ts';
import type { FuzzMessage } from './messages.ts';

/** One request as bytes, and what its sender must know of it. */
export interface FuzzRequest {
  bytes: Buffer;
  /** False when it leaves open where the next one would begin, so that its connection is used for nothing else. */
  wellFramed: boolean;
}

/** Places in the bytes of a request that are filled in when it is sent. */
export interface Secrets {
  /** Values of `Authorization`: the first one is valid. */
  credentials: readonly string[];
  port: number;
}

const methodsOfHttp = ['GET', 'DELETE', 'PUT', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE', 'CONNECT', 'PROPFIND', 'post', 'X'];
const targets = [
  '/mcp',
  '/mcp/',
  '/mcp/other',
  '/mcp/ledger/x',
  '/mcp/%6cedger',
  '/mcp/ledger?access_token=x',
  '/mcp/..%2f..%2fetc',
  '//mcp//ledger',
  '/',
  '*',
  'http://localhost/mcp/ledger',
  'http://evil.example/mcp/ledger',
  '/.well-known/oauth-protected-resource',
  '/.well-known/oauth-protected-resource/mcp/ledger',
  '/.well-known/oauth-protected-resource/mcp/*',
  '/.well-known/openid-configuration',
  '/livez',
  '/metrics',
  '/sse',
  '/messages',
  `/mcp/${'a'.repeat(3_000)}`,
  '/mcp/\x80\xff',
];

/** Text without the characters that end a header line: what is left can still be unreadable. */
const headerText = fc.oneof(
  { weight: 3, arbitrary: fc.string({ maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: anyText.map((text) =>
      Buffer.from(text)
        .toString('latin1')
        .replaceAll(/[\r\n\0]/g, ''),
    ),
  },
);

type Header = [name: string, value: string];

const extraHeader: fc.Arbitrary<Header> = fc.oneof(
  fc.tuple(
    fc.constantFrom(
      'Mcp-Method',
      'Mcp-Name',
      'MCP-Protocol-Version',
      'Mcp-Session-Id',
      'Last-Event-ID',
      'Mcp-Param-Key',
      'Accept',
      'Content-Type',
      'Authorization',
      'Host',
      'Origin',
      'traceparent',
      'DPoP',
      'Cookie',
      'X-Forwarded-For',
      'Forwarded',
    ),
    headerText,
  ),
  fc.constantFrom<Header>(
    ['Accept', 'application/json'],
    ['Accept', 'text/event-stream'],
    ['Accept', '*/*;q=0'],
    ['Accept', 'application/json;q=0.5, text/event-stream;q=abc'],
    ['Accept', ',,,'],
    ['Content-Type', 'application/json; charset=utf-16'],
    ['Content-Type', 'application/json;;;'],
    ['Content-Type', 'text/plain'],
    ['Content-Encoding', 'gzip'],
    ['Expect', '100-continue'],
    ['Expect', 'nothing'],
    ['Connection', 'close'],
    ['Connection', 'Upgrade'],
    ['Upgrade', 'h2c'],
    ['Upgrade', 'websocket'],
    ['Origin', 'null'],
    ['Origin', 'http://localhost:1'],
    ['Origin', 'http://evil.example'],
    ['Host', 'evil.example'],
    ['MCP-Protocol-Version', '2025-06-18'],
    ['MCP-Protocol-Version', '2024-11-05'],
    ['MCP-Protocol-Version', '2027-01-01'],
    ['Mcp-Name', '=?base64?YXBwZW5k?='],
    ['Mcp-Name', '=?base64?YXBwZW5'],
    ['X-Long', 'x'.repeat(9_000)],
    ['X-Longer', 'x'.repeat(20_000)],
  ),
  fc.string({ unit: 'binary-ascii', maxLength: 12 }).map((name): Header => [name.replaceAll(/[\r\n\0]/g, ''), 'x']),
);

interface Draft {
  message: FuzzMessage;
  mutations: TextMutation[];
  httpMethod: string;
  target: string;
  httpVersion: string;
  credential: number;
  dropped: string[];
  extra: Header[];
  framing: Framing;
}

type Framing = 'length' | 'chunks' | 'short' | 'long' | 'none' | 'both' | 'broken chunks' | 'many headers';

const mostly = <Value>(usual: Value, others: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 20, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: others });

const draft: fc.Arbitrary<Draft> = fc.record({
  message: anyMessage,
  mutations: fc.oneof(
    { weight: 3, arbitrary: fc.constant<TextMutation[]>([]) },
    { weight: 1, arbitrary: fc.array(textMutation, { minLength: 1, maxLength: 2 }) },
  ),
  httpMethod: mostly('POST', fc.constantFrom(...methodsOfHttp)),
  target: mostly('/mcp/ledger', fc.constantFrom(...targets)),
  httpVersion: mostly('HTTP/1.1', fc.constantFrom('HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/1.10', 'HTCPCP/1.0', '')),
  credential: mostly(0, fc.nat(20)),
  dropped: mostly<string[]>(
    [],
    fc.array(fc.constantFrom('host', 'accept', 'content-type', 'mcp-method', 'mcp-name', 'mcp-protocol-version'), {
      minLength: 1,
      maxLength: 2,
    }),
  ),
  extra: fc.oneof(
    { weight: 4, arbitrary: fc.constant<Header[]>([]) },
    { weight: 1, arbitrary: fc.array(extraHeader, { minLength: 1, maxLength: 3 }) },
  ),
  framing: mostly<Framing>(
    'length',
    fc.constantFrom('chunks', 'short', 'long', 'none', 'both', 'broken chunks', 'many headers'),
  ),
});

/** Everything that clients, broken clients and attackers send, in that order of likelihood. */
export const anyRequest: fc.Arbitrary<(secrets: Secrets) => FuzzRequest> = draft.map(
  (drafted) => (secrets: Secrets) => encode(drafted, secrets),
);

function encode(drafted: Draft, { credentials, port }: Secrets): FuzzRequest {
  const { message, mutations, httpMethod, target, httpVersion, framing } = drafted;
  const text = Buffer.from(JSON.stringify(message.message) ?? 'undefined');
  const body = mutations.reduce<Buffer>((mutated, mutate) => mutate(mutated), text);
  const headers = headersOf(drafted, credentials[drafted.credential % credentials.length] ?? '', port);
  const [framed, sent] = frame(framing, body);
  if (framing === 'many headers')
    headers.push(...Array.from({ length: 300 }, (_, index): Header => [`X-${index}`, 'x']));
  const lines = [...headers, ...framed].map(([name, value]) => `${name}: ${value}`);
  const head = `${httpMethod} ${target} ${httpVersion}\r\n${lines.join('\r\n')}\r\n\r\n`;
  const wellFramed = framing === 'length' && httpMethod === 'POST' && drafted.extra.length === 0;
  return { bytes: Buffer.concat([Buffer.from(head, 'latin1'), sent]), wellFramed };
}

function headersOf({ message, dropped, extra }: Draft, credential: string, port: number): Header[] {
  const honest: Header[] = [
    ['Host', `localhost:${port}`],
    ['Content-Type', 'application/json'],
    ['Accept', 'application/json, text/event-stream'],
    ['MCP-Protocol-Version', '2026-07-28'],
    ['Mcp-Method', message.method],
    ...(message.name === undefined ? [] : ([['Mcp-Name', encodeName(message.name)]] as Header[])),
    ...(credential === '' ? [] : ([['Authorization', credential]] as Header[])),
  ];
  return [...honest.filter(([name]) => !dropped.includes(name.toLowerCase())), ...extra];
}

function frame(framing: Framing, body: Buffer): [headers: Header[], sent: Buffer] {
  const length = (bytes: number): Header => ['Content-Length', String(bytes)];
  const chunked: Header = ['Transfer-Encoding', 'chunked'];
  const chunk = Buffer.concat([
    Buffer.from(`${body.length.toString(16)};x="y"\r\n`),
    body,
    Buffer.from('\r\n0\r\nX-T: 1\r\n\r\n'),
  ]);
  switch (framing) {
    case 'short':
      return [[length(Math.max(0, body.length - 1))], body];
    case 'long':
      return [[length(body.length + 1)], body];
    case 'none':
      return [[], body];
    case 'chunks':
      return [[chunked], chunk];
    case 'both':
      return [[length(body.length), chunked], chunk];
    case 'broken chunks':
      return [[chunked], Buffer.concat([Buffer.from('-5\r\n'), body])];
    default:
      return [[length(body.length)], body];
  }
}
