import { isObject } from './envelope.ts';
import type { Params } from './envelope.ts';
import { malformedMeta } from './json-rpc-error.ts';

/** Reserved keys of `_meta` (MCP 2026-07-28 §`_meta`). */
export const MetaKey = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
  logLevel: 'io.modelcontextprotocol/logLevel',
  progressToken: 'progressToken',
} as const;

const logLevels = new Set(['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']);

/** What a client declares with one request. */
export interface RequestMeta {
  protocolVersion: string;
  clientCapabilities: Record<string, unknown>;
  /** Where the fields of W3C Trace Context and Baggage stand, if there are any; not yet validated. */
  traceContext: Record<string, unknown>;
}

/** The revision that a request names in its `_meta`, if it names one; this alone makes the request modern. */
export function declaredVersion(params: Params): unknown {
  const { _meta: meta } = params;
  return isObject(meta) ? meta[MetaKey.protocolVersion] : undefined;
}

/**
 * Reads the per-request protocol fields.
 * @throws JsonRpcError -32602 with status 400 when a required field is missing or any field has the wrong type.
 */
export function readRequestMeta(params: Params): RequestMeta {
  const { _meta: meta } = params;
  if (!isObject(meta)) throw malformedMeta('params._meta is missing');
  const protocolVersion = meta[MetaKey.protocolVersion];
  if (typeof protocolVersion !== 'string') throw malformedMeta(`_meta["${MetaKey.protocolVersion}"] must be a string`);
  const clientCapabilities = meta[MetaKey.clientCapabilities];
  if (!isObject(clientCapabilities)) throw malformedMeta(`_meta["${MetaKey.clientCapabilities}"] must be an object`);
  checkOptionalFields(meta);
  return { protocolVersion, clientCapabilities, traceContext: meta };
}

function checkOptionalFields(meta: Record<string, unknown>): void {
  const clientInfo = meta[MetaKey.clientInfo];
  if (clientInfo !== undefined && !isImplementation(clientInfo))
    throw malformedMeta(`_meta["${MetaKey.clientInfo}"] must have a name and a version`);
  const logLevel = meta[MetaKey.logLevel];
  if (logLevel !== undefined && !(typeof logLevel === 'string' && logLevels.has(logLevel)))
    throw malformedMeta(`_meta["${MetaKey.logLevel}"] must be a log level`);
  const { progressToken } = meta;
  // MCP 2026-07-28 Progress §Progress Flow: "MUST be a string or integer value".
  if (progressToken !== undefined && typeof progressToken !== 'string' && !Number.isSafeInteger(progressToken))
    throw malformedMeta('_meta.progressToken must be a string or an integer');
}

function isImplementation(value: unknown): boolean {
  return isObject(value) && typeof value.name === 'string' && typeof value.version === 'string';
}
