import { describe, expect, it } from 'vitest';
import { readEnvelope } from './envelope.ts';
import { JsonRpcError } from './json-rpc-error.ts';

function refusalOf(body: string | Uint8Array): JsonRpcError {
  try {
    readEnvelope(typeof body === 'string' ? Buffer.from(body) : body);
  } catch (error) {
    if (error instanceof JsonRpcError) return error;
    throw error;
  }
  throw new Error('the body was accepted');
}

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

describe('the envelope', () => {
  it.each<[string, string | Uint8Array, number, number | string | undefined]>([
    ['no body', '', -32700, undefined],
    ['text', 'hello', -32700, undefined],
    ['a truncated object', '{"jsonrpc":"2.0","id":1', -32700, undefined],
    ['a byte order mark', '\ufeff{"jsonrpc":"2.0","id":1,"method":"ping"}', -32700, undefined],
    ['an unclosed string with an escape', String.raw`{"a":"\\`, -32700, undefined],
    ['invalid UTF-8 inside a string', Buffer.from([0x22, 0xc3, 0x28, 0x22]), -32700, undefined],
    ['an overlong encoding', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), -32700, undefined],
    ['a UTF-8 encoded surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), -32700, undefined],
    ['depth 65', `{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":${nested(63)}}}`, -32600, undefined],
    ['depth 10,000', nested(10_000), -32600, undefined],
    ['depth 1,000,000 that never closes', '['.repeat(1_000_000), -32600, undefined],
    ['a repeated name', '{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}', -32600, undefined],
    ['a repeated name inside params', '{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":1,"x":2}}', -32600, 1],
    [
      'a repeated name in an array',
      '{"jsonrpc":"2.0","id":"i","method":"a","params":{"x":[{"y":1,"y":1}]}}',
      -32600,
      'i',
    ],
    [
      'a name repeated in escapes',
      String.raw`{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":1,"\u0078":2}}`,
      -32600,
      1,
    ],
    ['a repeated id', '{"jsonrpc":"2.0","id":1,"id":2,"method":"a"}', -32600, undefined],
    ['a repeated __proto__', '{"jsonrpc":"2.0","id":1,"method":"a","params":{"__proto__":1,"__proto__":2}}', -32600, 1],
    ['a number', '42', -32600, undefined],
    ['null', 'null', -32600, undefined],
    ['no jsonrpc', '{"id":1,"method":"a"}', -32600, 1],
    ['jsonrpc 1.0', '{"jsonrpc":"1.0","id":1,"method":"a"}', -32600, 1],
    ['id null', '{"jsonrpc":"2.0","id":null,"method":"a"}', -32600, undefined],
    ['a fractional id', '{"jsonrpc":"2.0","id":1.5,"method":"a"}', -32600, undefined],
    ['an id that loses digits', '{"jsonrpc":"2.0","id":9007199254740993,"method":"a"}', -32600, undefined],
    ['a boolean id', '{"jsonrpc":"2.0","id":true,"method":"a"}', -32600, undefined],
    ['an object as id', '{"jsonrpc":"2.0","id":{},"method":"a"}', -32600, undefined],
    ['a method that is no string', '{"jsonrpc":"2.0","id":1,"method":5}', -32600, 1],
    ['no method', '{"jsonrpc":"2.0","id":1}', -32600, 1],
    ['params as an array', '{"jsonrpc":"2.0","id":1,"method":"a","params":[1]}', -32600, 1],
    ['params null', '{"jsonrpc":"2.0","id":1,"method":"a","params":null}', -32600, 1],
    ['a request with a result', '{"jsonrpc":"2.0","id":1,"method":"a","result":{}}', -32600, 1],
    ['a response with result and error', '{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', -32600, 1],
    ['a response without id', '{"jsonrpc":"2.0","result":{}}', -32600, undefined],
  ])('refuses %s', (_what, body, code, id) => {
    const refusal = refusalOf(body);
    expect(refusal).toMatchObject({ code, httpStatus: 400, requestId: id });
  });

  it('never quotes the body in a refusal', () => {
    expect(refusalOf('{"password":hunter2}').message).not.toContain('hunter2');
  });

  it.each<[string, string, object]>([
    ['a request', '{"jsonrpc":"2.0","id":1,"method":"a"}', { kind: 'request', id: 1, method: 'a', params: {} }],
    ['a string id', '{"jsonrpc":"2.0","id":"","method":"a"}', { kind: 'request', id: '', method: 'a' }],
    ['an integer written as 1.0', '{"jsonrpc":"2.0","id":1.0,"method":"a"}', { kind: 'request', id: 1 }],
    ['a notification', '{"jsonrpc":"2.0","method":"n","params":{"a":1}}', { kind: 'notification', params: { a: 1 } }],
    ['a response', '{"jsonrpc":"2.0","id":3,"result":{}}', { kind: 'response', id: 3 }],
    ['an error response', '{"jsonrpc":"2.0","id":3,"error":{}}', { kind: 'response', id: 3 }],
    ['a batch', '[{"jsonrpc":"2.0","method":"n"}]', { kind: 'batch', members: [{ jsonrpc: '2.0', method: 'n' }] }],
    [
      'equal names in sibling objects',
      '{"jsonrpc":"2.0","method":"n","params":{"a":{"x":1},"b":{"x":1}}}',
      { method: 'n' },
    ],
    [
      'braces, colons and quotes inside strings',
      String.raw`{"jsonrpc":"2.0","method":"n","params":{"a:\"{[":"}]:\\","b":"\\\":{"}}`,
      { params: { 'a:"{[': '}]:\\', b: '\\":{' } },
    ],
    [
      'depth 64',
      `{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":${nested(62)}}}`,
      { kind: 'request', id: 1, method: 'm' },
    ],
  ])('reads %s', (_what, body, expected) => {
    expect(readEnvelope(Buffer.from(body))).toMatchObject(expected);
  });

  it('reads a view into a larger buffer', () => {
    const whole = Buffer.from('xx{"jsonrpc":"2.0","method":"n"}yy');
    expect(readEnvelope(whole.subarray(2, -2))).toMatchObject({ kind: 'notification', method: 'n' });
  });

  describe('of many parts', () => {
    const notification = (params: string) => `{"jsonrpc":"2.0","method":"n","params":{${params}}}`;
    /** Beside the members of the message itself. */
    const members = (count: number) =>
      notification(Array.from({ length: count - 3 }, (_, index) => `"k${index}":${index}`).join(','));
    const containers = (count: number) => notification(`"a":[${'{},'.repeat(count - 4)}[]]`);

    /** Beside the six of the message itself. */
    const strings = (count: number) =>
      notification(`"a":[${Array.from({ length: count - 6 }, (_, index) => `"${index}"`).join(',')}]`);

    it.each([
      ['25,000 members', members(25_000)],
      ['25,000 objects and arrays', containers(25_000)],
      ['100,000 strings', strings(100_000)],
      ['any number of numbers', notification(`"a":[${'0,'.repeat(1_000_000)}0]`)],
    ])('is read with %s', (_what, body) => {
      expect(readEnvelope(Buffer.from(body))).toMatchObject({ kind: 'notification' });
    });

    it.each([
      ['a member more', members(25_001), 'more than 25000 members'],
      ['400,000 different names', members(400_000), 'more than 25000 members'],
      ['a container more', containers(25_001), 'more than 25000 objects and arrays'],
      ['a string more', strings(100_001), 'more than 100000 strings'],
    ])('is refused before it is parsed with %s', (_what, body, reason) => {
      // Cut off, it would be no JSON: nobody has tried.
      const refusal = refusalOf(body.slice(0, -1));
      expect(refusal).toMatchObject({ code: -32600, httpStatus: 400, requestId: undefined });
      expect(refusal.message).toContain(reason);
    });
  });
});
