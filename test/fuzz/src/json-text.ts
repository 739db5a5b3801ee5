import fc from 'fast-check';

/** Strings that have surprised programs before, beside those that fast-check makes up. */
const notorious = [
  '',
  ' ',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '*',
  '>',
  'a.b',
  '..',
  '../../etc/passwd',
  '$JS.API.STREAM.DELETE.catalog',
  '_INBOX.x',
  'a\r\nX-Injected: b',
  'a\0b',
  '\ud800',
  '\u202e\u0000',
  '%00',
  '${7*7}',
  '=?base64?!!?=',
  '=?base64?/w==?=',
  'ledger__append',
  'x'.repeat(5_000),
  '\u{1f600}'.repeat(70),
];

/** Any text, and often one that is known to make trouble. */
export const anyText = fc.oneof(
  fc.constantFrom(...notorious),
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

/** Any JSON value: shallow ones of all kinds, with keys that mean something to JavaScript. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    anyText,
    fc.constantFrom<unknown>(null, true, false, 0, -0, 1, -1, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, 5e-324, 0.1),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(anyText, tie('value')), { maxLength: 4 }).map(toObject),
  ),
})).value;

/** An object whose own keys are exactly these, `__proto__` included. */
export function toObject(entries: [string, unknown][]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [key, value] of entries)
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  return object;
}

/** A change of a JSON text, as bytes: what is no longer JSON is wanted as much as what still is. */
export type TextMutation = (text: Buffer) => Buffer;

/** Puts bytes at a place that is given as a fraction of the whole. */
function insertAt(text: Buffer, place: number, inserted: Buffer): Buffer {
  const offset = Math.floor(place * text.length);
  return Buffer.concat([text.subarray(0, offset), inserted, text.subarray(offset)]);
}

const place = fc.double({ min: 0, max: 1, noNaN: true });

const invalidUtf8 = ['ff', 'c080', 'eda080', 'f8888080', 'c3', 'e282', 'f4908080'].map((hex) =>
  Buffer.from(hex, 'hex'),
);

/** Members whose names are all different, as many objects, or four times as many strings: just below what a message may have, just above, and far beyond. */
const manyParts = [24_900, 25_100, 100_000].flatMap((count) => [
  Array.from({ length: count }, (_, index) => `"k${index}":${index}`).join(','),
  `"a":[${'{},'.repeat(count)}{}]`,
  `"a":[${Array.from({ length: 4 * count }, (_, index) => `"${index.toString(36)}"`).join(',')}]`,
]);

const replacedNumbers = ['1e400', '-1e400', '1'.repeat(5_000), '0x10', '01', '1.', '.5', '+1', 'NaN', 'Infinity', '1e'];

/** Changes of the text. */
export const textMutation: fc.Arbitrary<TextMutation> = fc.oneof(
  fc.tuple(place, fc.constantFrom(...invalidUtf8)).map(
    ([at, bytes]) =>
      (text: Buffer) =>
        insertAt(text, at, bytes),
  ),
  fc.tuple(place, fc.uint8Array({ maxLength: 6 })).map(
    ([at, bytes]) =>
      (text: Buffer) =>
        insertAt(text, at, Buffer.from(bytes)),
  ),
  place.map((at) => (text: Buffer) => text.subarray(0, Math.floor(at * text.length))),
  fc.tuple(fc.integer({ min: 1, max: 100_000 }), fc.constantFrom('[', '{"a":')).map(
    ([depth, open]) =>
      (text: Buffer) =>
        replaceIn(
          text,
          /"arguments":\{/,
          `"deep":${open.repeat(depth)}1${(open === '[' ? ']' : '}').repeat(depth)},"arguments":{`,
        ),
  ),
  fc
    .constantFrom('id', 'method', 'params', 'name', 'jsonrpc', '_meta', 'arguments')
    .map((key) => (text: Buffer) => replaceIn(text, `"${key}":`, `"${key}":null,"${key}":`)),
  fc.constantFrom('id', 'method', 'name').map(
    // The same key, written differently.
    (key) => (text: Buffer) =>
      replaceIn(text, `"${key}":`, `"\\u00${key.charCodeAt(0).toString(16)}${key.slice(1)}":1,"${key}":`),
  ),
  fc.constantFrom(...replacedNumbers).map((number) => (text: Buffer) => replaceIn(text, /:\d+/, `:${number}`)),
  fc
    .constantFrom('__proto__', 'constructor', 'prototype')
    .map((key) => (text: Buffer) => replaceIn(text, '{', `{"${key}":{"isAdmin":true,"method":"tools/list"},`)),
  fc
    .constantFrom('\ufeff', ' ', '\n', '/* */', '// x\n', ',', '[', ")]}',\n")
    .map((prefix) => (text: Buffer) => Buffer.concat([Buffer.from(prefix), text])),
  fc
    .constantFrom(' ', '\0', '}', '{}', ',', '\n\n', 'null')
    .map((suffix) => (text: Buffer) => Buffer.concat([text, Buffer.from(suffix)])),
  fc.constant((text: Buffer) => Buffer.from(text.toString(), 'utf16le')),
  fc.constant(() => Buffer.alloc(0)),
  fc
    .integer({ min: 1_000, max: 20_000 })
    .map(
      (count) => (text: Buffer) => replaceIn(text, '"arguments":{', `"arguments":{"wide":[${'0,'.repeat(count)}0],`),
    ),
  // Beside `_meta`, so that it stays JSON.
  fc.constantFrom(...manyParts).map((parts) => (text: Buffer) => replaceIn(text, '"params":{', `"params":{${parts},`)),
);

function replaceIn(text: Buffer, pattern: string | RegExp, replacement: string): Buffer {
  return Buffer.from(
    text.toString('latin1').replace(pattern, () => replacement),
    'latin1',
  );
}
