import { describe, expect, it } from 'vitest';
import { ErrorCode, httpStatusOf } from './error-code.ts';
import {
  encodeErrorResponse,
  encodeResultResponse,
  methodNotFound,
  missingClientCapability,
  unsupportedProtocolVersion,
} from './json-rpc-error.ts';

describe('JSON-RPC errors', () => {
  it('leave the id out when none was read', () => {
    const response = JSON.parse(encodeErrorResponse(undefined, { code: -32700, message: 'm' }).toString());
    expect(response).toEqual({ jsonrpc: '2.0', error: { code: -32700, message: 'm' } });
  });

  it.each<[number, number]>([
    [ErrorCode.methodNotFound, 404],
    [ErrorCode.headerMismatch, 400],
    [ErrorCode.missingRequiredClientCapability, 400],
    [ErrorCode.unsupportedProtocolVersion, 400],
    [ErrorCode.invalidParams, 200],
    [ErrorCode.internalError, 200],
    [ErrorCode.workerUnavailable, 200],
  ])('answer %i with status %i', (code, status) => {
    expect(httpStatusOf(code)).toBe(status);
  });

  it('name the supported and the requested version (MCP 2026-07-28 Versioning §Protocol Version Negotiation)', () => {
    expect(unsupportedProtocolVersion('1900-01-01').data).toEqual({
      supported: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26'],
      requested: '1900-01-01',
    });
  });

  it('list missing capabilities as a ClientCapabilities object', () => {
    expect(missingClientCapability({ sampling: {} })).toMatchObject({
      code: -32021,
      httpStatus: 400,
      data: { requiredCapabilities: { sampling: {} } },
    });
  });

  it('do not echo a method name of any length', () => {
    expect(methodNotFound('x'.repeat(10_000)).message.length).toBeLessThan(150);
  });

  it('wrap prepared result bytes with the id of the request', () => {
    const response = encodeResultResponse('a"b', Buffer.from('{"tools":[]}'));
    expect(JSON.parse(response.toString())).toEqual({ jsonrpc: '2.0', id: 'a"b', result: { tools: [] } });
  });
});
