import { isUtf8 } from 'node:buffer';
import { invalidRequest, parseError } from './json-rpc-error.ts';
import type { RequestId } from './json-rpc-error.ts';
import { countMembers, measureJson } from './json-shape.ts';

/** Deepest nesting of a message. `JSON.parse` has no limit of its own, and what walks the value later may recurse. */
const maxMessageDepth = 64;

/**
 * Most of what one message may consist of. Names that are all different, and short strings that are, cost `JSON.parse` a
 * microsecond and more each, and nobody else is answered meanwhile: the worst body within these limits took 0.1 s
 * where 400,000 names took 0.6 s (measured, 4 MiB, Node 26).
 */
const shapeLimits = { depth: maxMessageDepth, members: 25_000, containers: 25_000, strings: 100_000 };

const namesOfParts = { members: 'members', containers: 'objects and arrays', strings: 'strings' } as const;

/** Parameters of a request or notification: an object (MCP 2026-07-28 schema `Request`); `{}` when absent. */
export type Params = Record<string, unknown>;

/** A request with an id, answered with exactly one response. */
export interface RequestMessage {
  kind: 'request';
  id: RequestId;
  method: string;
  params: Params;
}

interface NotificationMessage {
  kind: 'notification';
  method: string;
  params: Params;
}

/** An answer to a request of the server; legal in the 2025 revisions only. */
interface ResponseMessage {
  kind: 'response';
  id: RequestId;
}

export type Message = RequestMessage | NotificationMessage | ResponseMessage;

/** A JSON-RPC batch, legal in revision 2025-03-26 only. Its members are read one by one with `readMessage`. */
export interface Batch {
  kind: 'batch';
  members: unknown[];
}

/**
 * Reads the body of one POST. Bytes that are not UTF-8, not JSON, nested too deep, of too many parts or with a repeated
 * member name are refused before anything looks at the message.
 * @throws JsonRpcError -32700 or -32600, status 400, with the id only if it was read.
 */
export function readEnvelope(bytes: Uint8Array): Message | Batch {
  const value = readStrictJson(bytes);
  return Array.isArray(value) ? { kind: 'batch', members: value } : readMessage(value);
}

function readStrictJson(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) throw parseError('the body is not UTF-8');
  const shape = measureJson(bytes, shapeLimits);
  if (shape.depth > maxMessageDepth) throw invalidRequest(`nested deeper than ${maxMessageDepth} levels`);
  for (const part of ['members', 'containers', 'strings'] as const)
    if (shape[part] > shapeLimits[part]) throw invalidRequest(`more than ${shapeLimits[part]} ${namesOfParts[part]}`);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The engine's message quotes the body, which may hold secrets; the caller knows what it sent.
    throw parseError('the body is not JSON');
  }
  if (countMembers(value) !== shape.members) {
    const outerMembers = isObject(value) ? Object.keys(value).length : 0;
    throw invalidRequest('a member name is repeated', outerMembers === shape.outerMembers ? idOf(value) : undefined);
  }
  return value;
}

/**
 * Reads one message that is already parsed.
 * @throws JsonRpcError -32600, status 400, with the id if it is a string or an integer.
 */
export function readMessage(value: unknown): Message {
  if (!isObject(value)) throw invalidRequest('a message is an object');
  const id = idOf(value);
  if (value.jsonrpc !== '2.0') throw invalidRequest('jsonrpc must be "2.0"', id);
  const { method } = value;
  if (method === undefined) return readResponse(value, id);
  if (typeof method !== 'string') throw invalidRequest('method must be a string', id);
  if ('result' in value || 'error' in value) throw invalidRequest('a request has neither result nor error', id);
  const params = value.params ?? {};
  if (!isObject(params) || value.params === null) throw invalidRequest('params must be an object', id);
  if (!('id' in value)) return { kind: 'notification', method, params };
  if (id === undefined) throw invalidRequest('id must be a string or an integer');
  return { kind: 'request', id, method, params };
}

function readResponse(value: Params, id: RequestId | undefined): ResponseMessage {
  if ('result' in value === 'error' in value) throw invalidRequest('method is missing', id);
  if (id === undefined) throw invalidRequest('id must be a string or an integer');
  return { kind: 'response', id };
}

/** MCP 2026-07-28 §Requests: a string or an integer; null and fractions are no ids. */
function idOf(value: unknown): RequestId | undefined {
  if (!isObject(value)) return undefined;
  const { id } = value;
  return typeof id === 'string' || (typeof id === 'number' && Number.isSafeInteger(id)) ? id : undefined;
}

/** True for a JSON object: neither null nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
