import { invalidParams, isObject } from '@gatehouse/protocol';
import type { RequestId } from '@gatehouse/protocol';

/** The parts of a JSON-RPC request that a worker reads; the name it answers for comes from the call, never from here. */
export interface CallRequest {
  id: RequestId;
  params: Record<string, unknown>;
  /** `params._meta`. */
  meta: Record<string, unknown>;
}

/** Reads a request whose envelope the gateway has already checked. */
export function parseCallRequest(body: Uint8Array): CallRequest {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  const { id, params } = JSON.parse(text) as { id: RequestId; params?: unknown };
  const record = isObject(params) ? params : {};
  const { _meta: meta } = record;
  return { id, params: record, meta: isObject(meta) ? meta : {} };
}

/**
 * `params.arguments`, `{}` when absent.
 * @throws JsonRpcError -32602 when it is not an object
 */
export function readArguments(request: CallRequest): Record<string, unknown> {
  const value = request.params.arguments ?? {};
  if (!isObject(value)) throw invalidParams('arguments must be an object');
  return value;
}
