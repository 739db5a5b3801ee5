import type { JsonSchema } from './definitions.ts';
import { isObject } from './envelope.ts';
import { decodeHeaderValue } from './header-value.ts';
import { headerMismatch } from './json-rpc-error.ts';
import type { RequestHeaders } from './request-headers.ts';

/** A tool parameter that clients mirror into a header. */
export interface ParamHeader {
  /** Whole header name in lower case, such as `mcp-param-region`. */
  headerName: string;
  /** Names of the nested `properties` that lead to the parameter. */
  path: string[];
  type: 'string' | 'integer' | 'boolean';
}

/** The annotations of a schema, or why they make the tool definition invalid. */
export type ParamHeaders = { valid: true; headers: ParamHeader[] } | { valid: false; reason: string };

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const mirroredTypes = new Set<unknown>(['string', 'integer', 'boolean']);

/** Collects the `x-mcp-header` annotations of an input schema (MCP 2026-07-28 Streamable HTTP §Schema Extension). */
export function readParamHeaders(inputSchema: JsonSchema): ParamHeaders {
  const headers: ParamHeader[] = [];
  const reachable = new Set<unknown>();
  const reason = collect(inputSchema, [], headers, reachable) ?? findUnreachable(inputSchema, reachable);
  return reason === undefined ? { valid: true, headers } : { valid: false, reason };
}

function collect(
  schema: Record<string, unknown>,
  path: string[],
  headers: ParamHeader[],
  reachable: Set<unknown>,
): string | undefined {
  if (!isObject(schema.properties)) return undefined;
  for (const [name, property] of Object.entries(schema.properties)) {
    if (!isObject(property)) continue;
    const propertyPath = [...path, name];
    reachable.add(property);
    if ('x-mcp-header' in property) {
      const fault = addHeader(property, propertyPath, headers);
      if (fault !== undefined) return fault;
    }
    const fault = collect(property, propertyPath, headers, reachable);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function addHeader(property: Record<string, unknown>, path: string[], headers: ParamHeader[]): string | undefined {
  const annotation = property['x-mcp-header'];
  const where = path.join('.');
  if (typeof annotation !== 'string' || !token.test(annotation)) return `x-mcp-header of ${where} is not a token`;
  if (!mirroredTypes.has(property.type)) return `x-mcp-header of ${where} needs type string, integer or boolean`;
  const headerName = `mcp-param-${annotation.toLowerCase()}`;
  if (headers.some((header) => header.headerName === headerName)) return `x-mcp-header ${annotation} is used twice`;
  headers.push({ headerName, path, type: property.type as ParamHeader['type'] });
  return undefined;
}

/** An annotation behind `items`, a composition, a condition or `$ref` is invalid wherever it stands. */
function findUnreachable(node: unknown, reachable: Set<unknown>): string | undefined {
  if (Array.isArray(node)) {
    for (const item of node) {
      const fault = findUnreachable(item, reachable);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
  if (!isObject(node)) return undefined;
  if (typeof node['x-mcp-header'] === 'string' && !reachable.has(node))
    return `x-mcp-header ${node['x-mcp-header']} is not reachable through properties alone`;
  for (const [keyword, value] of Object.entries(node)) {
    // Data, not schemas: an annotation inside is an ordinary value.
    if (keyword === 'default' || keyword === 'const' || keyword === 'enum' || keyword === 'examples') continue;
    const fault = findUnreachable(value, reachable);
    if (fault !== undefined) return fault;
  }
  return undefined;
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
    if (absent && sent === undefined) continue;
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
  // §Server Validation: integers are compared numerically, so that `42.0` equals 42.
  if (type === 'integer' && typeof expected === 'number')
    return /^[+-]?\d+(\.0*)?$/.test(sent) && Number(sent) === expected && Number.isSafeInteger(expected);
  // An argument of the wrong type is the tool's to refuse; here only its text is compared.
  return sent === (typeof expected === 'string' ? expected : JSON.stringify(expected));
}
