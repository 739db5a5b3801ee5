import { describe, expect, it } from 'vitest';
import { checkRequestHeaders } from './request-headers.ts';

const version = '2026-07-28';
const call = { method: 'tools/call', params: { name: 'get_weather' }, protocolVersion: version };
const read = { method: 'resources/read', params: { uri: 'file:///ä' }, protocolVersion: version };
const task = { method: 'tasks/get', params: { taskId: 'a1' }, protocolVersion: version };
const list = { method: 'tools/list', params: {}, protocolVersion: version };
const encoded = (value: string) => `=?base64?${Buffer.from(value).toString('base64')}?=`;

describe('request headers (MCP 2026-07-28 Streamable HTTP §Server Validation)', () => {
  it.each<[string, Record<string, string>, typeof call | typeof read | typeof list | typeof task]>([
    ['no version', { 'mcp-method': 'tools/list' }, list],
    ['another version', { 'mcp-protocol-version': '2025-11-25', 'mcp-method': 'tools/list' }, list],
    ['no method', { 'mcp-protocol-version': version }, list],
    ['another method', { 'mcp-protocol-version': version, 'mcp-method': 'prompts/list' }, list],
    ['a method in upper case', { 'mcp-protocol-version': version, 'mcp-method': 'TOOLS/LIST' }, list],
    ['a method twice', { 'mcp-protocol-version': version, 'mcp-method': 'tools/list, tools/list' }, list],
    ['no name', { 'mcp-protocol-version': version, 'mcp-method': 'tools/call' }, call],
    ['another name', { 'mcp-protocol-version': version, 'mcp-method': 'tools/call', 'mcp-name': 'rm' }, call],
    ['no task', { 'mcp-protocol-version': version, 'mcp-method': 'tasks/get' }, task],
    ['another task', { 'mcp-protocol-version': version, 'mcp-method': 'tasks/get', 'mcp-name': 'a2' }, task],
    [
      'a name in invalid base64',
      { 'mcp-protocol-version': version, 'mcp-method': 'tools/call', 'mcp-name': '=?base64?Z2V0?X?=' },
      call,
    ],
    [
      'a URI in bare UTF-8',
      { 'mcp-protocol-version': version, 'mcp-method': 'resources/read', 'mcp-name': 'file:///ä' },
      read,
    ],
  ])('are refused with -32020 for %s', (_what, headers, body) => {
    expect(() => checkRequestHeaders(headers, body)).toThrow(
      expect.objectContaining({ code: -32020, httpStatus: 400 }),
    );
  });

  it.each<[string, Record<string, string>, typeof call | typeof read | typeof list | typeof task]>([
    ['a task', { 'mcp-protocol-version': version, 'mcp-method': 'tasks/get', 'mcp-name': 'a1' }, task],
    ['a plain name', { 'mcp-protocol-version': version, 'mcp-method': 'tools/call', 'mcp-name': 'get_weather' }, call],
    [
      'an encoded name',
      { 'mcp-protocol-version': version, 'mcp-method': 'tools/call', 'mcp-name': encoded('get_weather') },
      call,
    ],
    [
      'an encoded URI',
      { 'mcp-protocol-version': version, 'mcp-method': 'resources/read', 'mcp-name': encoded('file:///ä') },
      read,
    ],
    [
      'a name where none is asked for',
      { 'mcp-protocol-version': version, 'mcp-method': 'tools/list', 'mcp-name': 'x' },
      list,
    ],
  ])('are accepted with %s', (_what, headers, body) => {
    expect(() => checkRequestHeaders(headers, body)).not.toThrow();
  });
});
