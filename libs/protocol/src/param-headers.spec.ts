import { describe, expect, it } from 'vitest';
import { checkParamHeaders, readParamHeaders } from './param-headers.ts';

const annotated = (annotation: unknown, type = 'string') => ({
  type: 'object',
  properties: { region: { type, 'x-mcp-header': annotation } },
});

const behind = (keyword: string, value: (annotated: object) => unknown) => ({
  type: 'object',
  [keyword]: value({ type: 'string', 'x-mcp-header': 'A' }),
});

describe('x-mcp-header annotations (MCP 2026-07-28 Streamable HTTP §Schema Extension)', () => {
  it.each<[string, Record<string, unknown>]>([
    ['empty', annotated('')],
    ['a number', annotated(5)],
    ['null', annotated(null)],
    ['a list', annotated(['Region'])],
    ['text with a space', annotated('My Region')],
    ['text with a line feed', annotated('Region\n')],
    ['text with a carriage return and a header', annotated('Region\r\nX-Evil: 1')],
    ['text with a NUL', annotated('Re\0gion')],
    ['text with a colon', annotated('Region:')],
    ['text with a quote', annotated('"Region"')],
    ['text outside ASCII', annotated('R\u00e9gion')],
    ['on a number', annotated('Region', 'number')],
    ['on an object', annotated('Region', 'object')],
    ['on an array', annotated('Region', 'array')],
    ['on null', annotated('Region', 'null')],
    ['on several types', { properties: { a: { type: ['string', 'null'], 'x-mcp-header': 'A' } } }],
    ['on no type', { properties: { a: { 'x-mcp-header': 'A' } } }],
    ['beside a reference instead of a type', { properties: { a: { $ref: '#/$defs/a', 'x-mcp-header': 'A' } } }],
    [
      'used twice in different case',
      {
        properties: {
          a: { type: 'string', 'x-mcp-header': 'Region' },
          b: { type: 'object', properties: { c: { type: 'string', 'x-mcp-header': 'REGION' } } },
        },
      },
    ],
    ['at the root', { type: 'string', 'x-mcp-header': 'A' }],
    ['behind items', behind('items', (a) => a)],
    ['behind a list of items', behind('items', (a) => [a])],
    ['behind prefixItems', behind('prefixItems', (a) => [a])],
    ['behind contains', behind('contains', (a) => a)],
    ['behind oneOf', behind('oneOf', (a) => [{ properties: { a } }])],
    ['behind anyOf', behind('anyOf', (a) => [{ properties: { a } }])],
    ['behind allOf', behind('allOf', (a) => [{ properties: { a } }])],
    ['behind not', behind('not', (a) => ({ properties: { a } }))],
    ['behind if', behind('if', (a) => ({ properties: { a } }))],
    ['behind then', behind('then', (a) => ({ properties: { a } }))],
    ['behind else', behind('else', (a) => ({ properties: { a } }))],
    ['behind additionalProperties', behind('additionalProperties', (a) => a)],
    ['behind patternProperties', behind('patternProperties', (a) => ({ '.': a }))],
    ['behind dependentSchemas', behind('dependentSchemas', (a) => ({ b: { properties: { a } } }))],
    ['behind $defs, where a reference leads', behind('$defs', (a) => ({ a }))],
    ['behind definitions', behind('definitions', (a) => ({ a }))],
    ['behind items of a property', { properties: { a: behind('items', (b) => ({ properties: { b } })) } }],
    ['behind items of a property named default', { properties: { default: behind('items', (a) => a) } }],
    ['no text, and behind items', { properties: { a: { items: { type: 'string', 'x-mcp-header': 5 } } } }],
  ])('are invalid when %s', (_what, schema) => {
    expect(readParamHeaders(schema)).toEqual({ valid: false, reason: expect.any(String) as string });
  });

  it.each<[string, Record<string, unknown>]>([
    ['none there is', { type: 'object', properties: { a: { type: 'string' } } }],
    ['it stands in data', { properties: { a: { type: 'object', default: { 'x-mcp-header': 'no annotation' } } } }],
    ['it stands in an enum', { properties: { a: { enum: [{ 'x-mcp-header': 5 }] } } }],
    ['it is the name of a property', { properties: { 'x-mcp-header': { type: 'string' } } }],
    ['it stands under a keyword that nobody knows', { 'x-ui': { 'x-mcp-header': 'A' } }],
  ])('are absent where %s', (_what, schema) => {
    expect(readParamHeaders(schema)).toEqual({ valid: true, headers: [] });
  });

  it('are found on nested properties, with every character that a token may have', () => {
    const schema = {
      properties: {
        target: { type: 'object', properties: { shard: { type: 'integer', 'x-mcp-header': 'Shard' } } },
        dry: { type: 'boolean', 'x-mcp-header': "!#$%&'*+-.^_`|~09azAZ" },
      },
    };
    expect(readParamHeaders(schema)).toEqual({
      valid: true,
      headers: [
        { headerName: 'mcp-param-shard', path: ['target', 'shard'], type: 'integer' },
        { headerName: "mcp-param-!#$%&'*+-.^_`|~09azaz", path: ['dry'], type: 'boolean' },
      ],
    });
  });
});

describe('Mcp-Param headers (MCP 2026-07-28 Streamable HTTP §Server Behavior for Custom Headers)', () => {
  const region = [{ headerName: 'mcp-param-region', path: ['region'], type: 'string' }] as const;
  const shard = [{ headerName: 'mcp-param-shard', path: ['target', 'shard'], type: 'integer' }] as const;
  const dry = [{ headerName: 'mcp-param-dry', path: ['dry'], type: 'boolean' }] as const;
  const constructor = [{ headerName: 'mcp-param-name', path: ['constructor', 'name'], type: 'string' }] as const;
  const headersOf = (value: readonly { headerName: string; path: readonly string[]; type: string }[]) =>
    value as unknown as Parameters<typeof checkParamHeaders>[0];

  it.each<[string, Parameters<typeof headersOf>[0], Record<string, string>, unknown]>([
    ['missing while the body has a value', region, {}, { region: 'eu' }],
    ['different from the body', region, { 'mcp-param-region': 'us' }, { region: 'eu' }],
    ['sent for a parameter that is absent', region, { 'mcp-param-region': 'us' }, {}],
    ['sent for null', region, { 'mcp-param-region': 'null' }, { region: null }],
    ['badly padded', region, { 'mcp-param-region': '=?base64?SGVsbG8?=' }, { region: 'Hello' }],
    ['outside the base64 alphabet', region, { 'mcp-param-region': '=?base64?SGVs!!!bG8=?=' }, { region: 'Hello' }],
    ['not UTF-8 inside base64', region, { 'mcp-param-region': '=?base64?wyg=?=' }, { region: 'Hello' }],
    ['with bytes outside ASCII', region, { 'mcp-param-region': 'H\u00e9' }, { region: 'H\u00e9' }],
    ['another integer', shard, { 'mcp-param-shard': '42.1' }, { target: { shard: 42 } }],
    ['another integer beside an exponent', shard, { 'mcp-param-shard': '42e0' }, { target: { shard: 42 } }],
    ['an integer in hexadecimal', shard, { 'mcp-param-shard': '0x2a' }, { target: { shard: 42 } }],
    ['an empty integer', shard, { 'mcp-param-shard': '' }, { target: { shard: 0 } }],
    [
      'an integer beyond the safe range',
      shard,
      { 'mcp-param-shard': '9007199254740992' },
      { target: { shard: 2 ** 53 } },
    ],
    ['a fraction for another fraction', shard, { 'mcp-param-shard': '1.25' }, { target: { shard: 1.5 } }],
    ['a value in another case', region, { 'mcp-param-region': 'EU' }, { region: 'eu' }],
    ['sent twice', region, { 'mcp-param-region': 'eu, eu' }, { region: 'eu' }],
    ['sent at another depth', shard, { 'mcp-param-shard': '42' }, { shard: 42 }],
    ['sent for what only a prototype has', constructor, { 'mcp-param-name': 'Object' }, {}],
    ['sentinel in upper case', region, { 'mcp-param-region': '=?BASE64?SGVsbG8=?=' }, { region: 'Hello' }],
    ['with a control character', region, { 'mcp-param-region': 'e\u0001u' }, { region: 'e\u0001u' }],
    ['with DEL', region, { 'mcp-param-region': 'e\u007fu' }, { region: 'e\u007fu' }],
    ['with the raw form of a sentinel', region, { 'mcp-param-region': '=?base64?x?=' }, { region: '=?base64?x?=' }],
    ['sent for an object', region, { 'mcp-param-region': '{}' }, { region: { a: 1 } }],
    ['sent without arguments', region, { 'mcp-param-region': 'eu' }, undefined],
    ['missing for an empty text', region, {}, { region: '' }],
    ['missing for false', dry, {}, { dry: false }],
    ['missing for 0', shard, {}, { target: { shard: 0 } }],
    ['a boolean in upper case', dry, { 'mcp-param-dry': 'TRUE' }, { dry: true }],
  ])('are refused with -32020 when %s', (_what, annotations, headers, args) => {
    expect(() => checkParamHeaders(headersOf(annotations), headers, args)).toThrow(
      expect.objectContaining({ code: -32020, httpStatus: 400 }),
    );
  });

  it.each<[string, Parameters<typeof headersOf>[0], Record<string, string>, unknown]>([
    ['equal text', region, { 'mcp-param-region': 'eu' }, { region: 'eu' }],
    ['base64', region, { 'mcp-param-region': '=?base64?SGVsbG8=?=' }, { region: 'Hello' }],
    ['a literal without the prefix', region, { 'mcp-param-region': 'SGVsbG8=' }, { region: 'SGVsbG8=' }],
    ['a literal without the suffix', region, { 'mcp-param-region': '=?base64?SGVs' }, { region: '=?base64?SGVs' }],
    [
      'base64 outside ASCII',
      region,
      { 'mcp-param-region': '=?base64?SGVsbG8sIOS4lueVjA==?=' },
      { region: 'Hello, 世界' },
    ],
    ['base64 with spaces around', region, { 'mcp-param-region': '=?base64?IHBhZGRlZCA=?=' }, { region: ' padded ' }],
    ['base64 of two lines', region, { 'mcp-param-region': '=?base64?bGluZTEKbGluZTI=?=' }, { region: 'line1\nline2' }],
    [
      'base64 of what looks like base64',
      region,
      { 'mcp-param-region': '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=' },
      { region: '=?base64?literal?=' },
    ],
    ['base64 of nothing', region, { 'mcp-param-region': '=?base64??=' }, { region: '' }],
    ['an empty text', region, { 'mcp-param-region': '' }, { region: '' }],
    ['a literal too short for both marks', region, { 'mcp-param-region': '=?base64?=' }, { region: '=?base64?=' }],
    ['spaces and tabs inside', region, { 'mcp-param-region': 'a\tb c' }, { region: 'a\tb c' }],
    ['an absent parameter and no header', region, {}, {}],
    ['null and no header', region, {}, { region: null }],
    ['no arguments at all', shard, {}, undefined],
    ['a negative integer', shard, { 'mcp-param-shard': '-7' }, { target: { shard: -7 } }],
    ['the largest integer', shard, { 'mcp-param-shard': '9007199254740991' }, { target: { shard: 2 ** 53 - 1 } }],
    ['a fraction, which the tool will refuse', shard, { 'mcp-param-shard': '1.5' }, { target: { shard: 1.5 } }],
    ['an object, which the tool will refuse', region, {}, { region: { a: 1 } }],
    ['an integer in base64', shard, { 'mcp-param-shard': '=?base64?NDI=?=' }, { target: { shard: 42 } }],
    ['an integer as 42.0', shard, { 'mcp-param-shard': '42.0' }, { target: { shard: 42 } }],
    ['a boolean', dry, { 'mcp-param-dry': 'false' }, { dry: false }],
    ['a header that no annotation names', region, { 'mcp-param-other': '\u00e9' }, {}],
  ])('are accepted for %s', (_what, annotations, headers, args) => {
    expect(() => checkParamHeaders(headersOf(annotations), headers, args)).not.toThrow();
  });
});
