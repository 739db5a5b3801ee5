import { findMissingCapabilities, missingClientCapability } from '@gatehouse/protocol';
import type { InputRequiredResult } from '../content.ts';
import { ContextMisuseError } from '../errors.ts';
import { capabilitiesOf, joinCapabilities } from './input-requests.ts';

/**
 * Checks a raw `input_required` result before it goes out.
 * @throws JsonRpcError -32021 when it asks for what the client has not declared (MCP 2026-07-28 Multi Round-Trip Requests
 * §Server Requirements)
 * @throws ContextMisuseError when it is not one that a client can go on from: a fault of the handler
 */
export function checkInputRequired(result: InputRequiredResult, declared: Record<string, unknown>): void {
  const { inputRequests, requestState } = result;
  if (inputRequests === undefined && requestState === undefined) {
    throw new ContextMisuseError('An input_required result needs inputRequests or requestState.');
  }
  if (requestState !== undefined && typeof requestState !== 'string') {
    throw new ContextMisuseError('The requestState of an input_required result is a string.');
  }
  const required = Object.entries(inputRequests ?? {}).map(([key, { method, params = {} }]) => {
    const needed = capabilitiesOf(method, params);
    if (needed) return needed;
    throw new ContextMisuseError(`An input_required result cannot ask for ${method} ("${key}").`);
  });
  const missing = findMissingCapabilities(joinCapabilities(required), declared);
  if (missing) throw missingClientCapability(missing);
}
