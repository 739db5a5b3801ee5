import type { JsonSchema } from './definitions.ts';
import { isObject } from './envelope.ts';
import { decodeHeaderValue } from './header-value.ts';
import { headerMismatch } from './json-rpc-error.ts';
import type { RequestHeaders } from './request-headers.ts';
import { subschemasOf } from './subschemas.ts';

/** A tool parameter that clients mirror into a header. */
export interface ParamHeader {
  /** Whole header name in lower case, such as `mcp-param-region`. */
  headerName: string;
  /** Names of the nested `properties` that lead to the parameter. */
  path: readonly string[];
  type: 'string' | 'integer' | 'boolean';
}

/** The annotations of a schema, or why they make the tool definition invalid. */
type ParamHeaders = { valid: true; headers: ParamHeader[] } | { valid: false; reason: string };

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const wholeNumber = /^[+-]?\d{1,32}(\.0{0,32})?$/;
const mirroredTypes = new Set<unknown>(['string', 'integer', 'boolean']);

/**
 * Collects the `x-mcp-header` annotations of an input schema, or says what makes one of them, and so the tool, invalid
 * (MCP 2026-07-28 Streamable HTTP §Schema Extension).
 */
export function readParamHeaders(inputSchema: JsonSchema): ParamHeaders {
  const headers: ParamHeader[] = [];
  for (const { schema, path } of subschemasOf(inputSchema)) {
    if (!Object.hasOwn(schema, 'x-mcp-header')) continue;
    const reason = addHeader(schema, path, headers);
    if (reason !== undefined) return { valid: false, reason };
  }
  return { valid: true, headers };
}

function addHeader(
  parameter: JsonSchema,
  path: readonly string[] | undefined,
  headers: ParamHeader[],
): string | undefined {
  const annotation = parameter['x-mcp-header'];
  if (path === undefined || path.length === 0)
    return `x-mcp-header ${quoted(annotation)} is not reachable through properties alone`;
  const where = path.join('.');
  if (typeof annotation !== 'string' || !token.test(annotation))
    return `x-mcp-header ${quoted(annotation)} of ${where} is no name of a header field`;
  if (!mirroredTypes.has(parameter.type))
    return `x-mcp-header ${annotation} of ${where} needs the type string, integer or boolean`;
  const headerName = `mcp-param-${annotation.toLowerCase()}`;
  if (headers.some((header) => header.headerName === headerName))
    return `x-mcp-header ${annotation} of ${where} is used twice`;
  headers.push({ headerName, path, type: parameter.type as ParamHeader['type'] });
  return undefined;
}

function quoted(annotation: unknown): string {
  return (JSON.stringify(annotation) ?? '').slice(0, 100);
}

/**
 * Compares `Mcp-Param-*` headers with the arguments of a call (§Server Behavior for Custom Headers). A header that no
 * annotation names is ignored.
 * @throws JsonRpcError -32020 when one is missing, unexpected, malformed or disagrees.
 */
export function checkParamHeaders(paramHeaders: readonly ParamHeader[], headers: RequestHeaders, args: unknown): void {
  for (const { headerName, path, type } of paramHeaders) {
    const expected = valueAt(args, path);
    const sent = headers[headerName];
    const absent = expected === undefined || expected === null;
    // A list or an object has no form as a header: the tool refuses it.
    if (sent === undefined && (absent || typeof expected === 'object')) continue;
    if (sent === undefined) throw headerMismatch(`${headerName} is missing`);
    const decoded = typeof sent === 'string' ? decodeHeaderValue(sent) : undefined;
    if (decoded === undefined) throw headerMismatch(`${headerName} contains invalid characters`);
    if (absent || !isSame(decoded, expected, type)) throw headerMismatch(`${headerName} does not match the body`);
  }
}

function valueAt(args: unknown, path: readonly string[]): unknown {
  let value = args;
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

function isSame(sent: string, expected: unknown, type: ParamHeader['type']): boolean {
  // §Server Validation: integers are compared numerically, so that `42.0` equals 42; §Schema Extension: within the safe
  // range, for beyond it different texts are one number.
  if (type === 'integer' && Number.isInteger(expected))
    return Number.isSafeInteger(expected) && wholeNumber.test(sent) && Number(sent) === expected;
  // An argument of the wrong type is the tool's to refuse; here only its text is compared.
  return sent === (typeof expected === 'string' ? expected : JSON.stringify(expected));
}
