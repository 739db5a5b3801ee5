import { describe, expect, it } from 'vitest';
import { readRequestMeta } from './request-meta.ts';

const version = 'io.modelcontextprotocol/protocolVersion';
const capabilities = 'io.modelcontextprotocol/clientCapabilities';
const clientInfo = 'io.modelcontextprotocol/clientInfo';
const logLevel = 'io.modelcontextprotocol/logLevel';
const valid = { [version]: '2026-07-28', [capabilities]: {} };

describe('the _meta of a request (MCP 2026-07-28 §_meta)', () => {
  it.each<[string, unknown]>([
    ['absent', undefined],
    ['null', null],
    ['an array', []],
    ['without a protocol version', { [capabilities]: {} }],
    ['with a number as version', { ...valid, [version]: 2026 }],
    ['without client capabilities', { [version]: '2026-07-28' }],
    ['with an array of capabilities', { ...valid, [capabilities]: [] }],
    ['with client info that has no version', { ...valid, [clientInfo]: { name: 'c' } }],
    ['with client info as text', { ...valid, [clientInfo]: 'c' }],
    ['with an unknown log level', { ...valid, [logLevel]: 'verbose' }],
    ['with an object as progress token', { ...valid, progressToken: {} }],
    ['with a fraction as progress token', { ...valid, progressToken: 0.5 }],
  ])('is refused with -32602 and 400 when it is %s', (_what, meta) => {
    expect(() => readRequestMeta({ _meta: meta })).toThrow(expect.objectContaining({ code: -32602, httpStatus: 400 }));
  });

  it.each<[string, Record<string, unknown>]>([
    ['the required fields alone', valid],
    ['client info', { ...valid, [clientInfo]: { name: 'c', version: '1', title: 'C' } }],
    ['a log level', { ...valid, [logLevel]: 'warning' }],
    ['an integer as progress token', { ...valid, progressToken: 7 }],
    ['keys of others', { ...valid, 'com.example/x': 1 }],
  ])('is accepted with %s', (_what, meta) => {
    expect(readRequestMeta({ _meta: meta })).toMatchObject({ protocolVersion: '2026-07-28', clientCapabilities: {} });
  });
});
