import { describe, expect, it } from 'vitest';
import type { Exchange } from './exchange.ts';
import { findFault, showsStack } from './inspect.ts';

const exchange = (more: Partial<Exchange>): Exchange => ({
  kind: 'answered',
  status: 200,
  contentType: 'application/json',
  body: '{"jsonrpc":"2.0","id":1,"result":{}}',
  tookMs: 1,
  ...more,
});
const error = (code: number) => `{"jsonrpc":"2.0","id":1,"error":{"code":${code},"message":"m"}}`;

describe('the look at an answer', () => {
  it.each<[string, Partial<Exchange>]>([
    ['a result', {}],
    ['a typed refusal', { status: 400, body: error(-32600) }],
    ['a typed 503', { status: 503, body: '{"error":"refused","error_description":"not yet"}' }],
    ['a connection that is closed without a word', { kind: 'closed', status: 0, body: '' }],
  ])('accepts %s', (_what, more) => {
    expect(findFault(exchange(more))).toBeUndefined();
  });

  it.each<[string, Partial<Exchange>]>([
    ['a hang', { kind: 'timeout' }],
    ['an answer that came too late', { tookMs: 5_001 }],
    ['an answer that was cut', { kind: 'closed', body: 'HTTP/1.1 200 OK' }],
    ['an internal error', { body: error(-32603) }],
    ['an untyped 500', { status: 500, contentType: 'text/plain', body: 'Internal Server Error' }],
    ['an empty 502', { status: 502, contentType: '', body: '' }],
    ['a stack trace', { body: 'TypeError: x\n    at handle (/app/main.js:3:14)' }],
  ])('finds %s', (_what, more) => {
    expect(findFault(exchange(more))).toBeDefined();
  });

  it('knows a stack trace in a line of a log', () => {
    expect(showsStack(JSON.stringify({ err: { stack: new Error('x').stack } }))).toBe(true);
    expect(showsStack('{"level":30,"msg":"call","durationMs":1}')).toBe(false);
  });
});
