import { describe, expect, it } from 'vitest';
import { checkParamHeaders, readParamHeaders } from './param-headers.ts';

const annotated = (annotation: unknown, type = 'string') => ({
  type: 'object',
  properties: { region: { type, 'x-mcp-header': annotation } },
});

describe('x-mcp-header annotations (MCP 2026-07-28 Streamable HTTP §Schema Extension)', () => {
  it.each<[string, Record<string, unknown>]>([
    ['empty', annotated('')],
    ['no string', annotated(5)],
    ['with a space', annotated('My Region')],
    ['with a line feed', annotated('Region\n')],
    ['with a colon', annotated('Region:')],
    ['on a number', annotated('Region', 'number')],
    ['on an object', annotated('Region', 'object')],
    [
      'used twice in different case',
      {
        properties: {
          a: { type: 'string', 'x-mcp-header': 'Region' },
          b: { type: 'string', 'x-mcp-header': 'REGION' },
        },
      },
    ],
    ['behind items', { properties: { a: { type: 'array', items: { type: 'string', 'x-mcp-header': 'A' } } } }],
    ['behind anyOf', { anyOf: [{ properties: { a: { type: 'string', 'x-mcp-header': 'A' } } }] }],
    ['behind $defs', { $defs: { a: { type: 'string', 'x-mcp-header': 'A' } } }],
    ['at the root', { type: 'string', 'x-mcp-header': 'A' }],
  ])('are invalid when %s', (_what, schema) => {
    expect(readParamHeaders(schema)).toMatchObject({ valid: false });
  });

  it('are found on nested properties, and not in data', () => {
    const schema = {
      properties: {
        target: { type: 'object', properties: { shard: { type: 'integer', 'x-mcp-header': 'Shard' } } },
        note: { type: 'object', default: { 'x-mcp-header': 'not an annotation' } },
      },
    };
    expect(readParamHeaders(schema)).toEqual({
      valid: true,
      headers: [{ headerName: 'mcp-param-shard', path: ['target', 'shard'], type: 'integer' }],
    });
  });
});

describe('Mcp-Param headers (MCP 2026-07-28 Streamable HTTP §Server Behavior for Custom Headers)', () => {
  const region = [{ headerName: 'mcp-param-region', path: ['region'], type: 'string' }] as const;
  const shard = [{ headerName: 'mcp-param-shard', path: ['target', 'shard'], type: 'integer' }] as const;
  const dry = [{ headerName: 'mcp-param-dry', path: ['dry'], type: 'boolean' }] as const;
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
    ['an absent parameter and no header', region, {}, {}],
    ['null and no header', region, {}, { region: null }],
    ['no arguments at all', shard, {}, undefined],
    ['an integer as 42.0', shard, { 'mcp-param-shard': '42.0' }, { target: { shard: 42 } }],
    ['a boolean', dry, { 'mcp-param-dry': 'false' }, { dry: false }],
    ['a header that no annotation names', region, { 'mcp-param-other': '\u00e9' }, {}],
  ])('are accepted for %s', (_what, annotations, headers, args) => {
    expect(() => checkParamHeaders(headersOf(annotations), headers, args)).not.toThrow();
  });
});
