import type { Params } from './envelope.ts';
import { decodeHeaderValue } from './header-value.ts';
import { headerMismatch } from './json-rpc-error.ts';
import { Method } from './method.ts';

/** Header names of MCP Streamable HTTP, in the lower case that node:http delivers. */
export const HeaderName = {
  protocolVersion: 'mcp-protocol-version',
  method: 'mcp-method',
  name: 'mcp-name',
} as const;

/** Request headers as node:http delivers them: names in lower case, repeated fields joined by `, `. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Compares the standard request headers with the body (MCP 2026-07-28 Streamable HTTP §Server Validation).
 * @throws JsonRpcError -32020 when one is missing, malformed or disagrees.
 */
export function checkRequestHeaders(
  headers: RequestHeaders,
  body: { method: string; params: Params; protocolVersion: string },
): void {
  compare('MCP-Protocol-Version', headers[HeaderName.protocolVersion], body.protocolVersion);
  compare('Mcp-Method', headers[HeaderName.method], body.method);
  const name = mirroredName(body.method, body.params);
  if (name === undefined) return;
  const sent = headers[HeaderName.name];
  if (typeof sent !== 'string') throw headerMismatch('Mcp-Name is missing');
  if (decodeHeaderValue(sent) !== name) throw headerMismatch('Mcp-Name does not match the body');
}

const taskMethods: ReadonlySet<string> = new Set([Method.tasksGet, Method.tasksUpdate, Method.tasksCancel]);

/**
 * The part of the body that `Mcp-Name` mirrors: `params.name` or `params.uri` (§Standard Request Headers), `params.taskId`
 * (MCP Tasks extension §Streamable HTTP: Routing Headers).
 */
function mirroredName(method: string, params: Params): unknown {
  if (method === Method.toolsCall || method === Method.promptsGet) return params.name;
  if (taskMethods.has(method)) return params.taskId;
  return method === Method.resourcesRead ? params.uri : undefined;
}

function compare(header: string, sent: string | string[] | undefined, expected: string): void {
  if (sent === undefined) throw headerMismatch(`${header} is missing`);
  // Values are case-sensitive (§Case Sensitivity), names are not.
  if (sent !== expected) throw headerMismatch(`${header} does not match the body`);
}
