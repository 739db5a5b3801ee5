import { findMissingCapabilities, isObject, missingClientCapability } from '@gatehouse/protocol';
import type { RequiredClientCapabilities } from '@gatehouse/protocol';
import type { InputRequiredResult } from '../content.ts';

/**
 * Checks a raw `input_required` result before it goes out.
 * @throws JsonRpcError -32021 when it asks for what the client has not declared (MCP 2026-07-28 Multi Round-Trip Requests
 * §Server Requirements)
 * @throws TypeError when it is not one that a client can go on from: a fault of the handler
 */
export function checkInputRequired(result: InputRequiredResult, declared: Record<string, unknown>): void {
  const { inputRequests, requestState } = result;
  if (inputRequests === undefined && requestState === undefined) {
    throw new TypeError('an input_required result needs inputRequests or requestState');
  }
  for (const request of Object.values(inputRequests ?? {})) {
    const missing = findMissingCapabilities(requiredBy(request.method, request.params ?? {}), declared);
    if (missing) throw missingClientCapability(missing);
  }
}

function requiredBy(method: string, params: Record<string, unknown>): RequiredClientCapabilities {
  switch (method) {
    case 'elicitation/create':
      return { elicitation: params.mode === 'url' ? { url: {} } : { form: {} } };
    case 'sampling/createMessage':
      return { sampling: isObject(params.toolChoice) || Array.isArray(params.tools) ? { tools: {} } : {} };
    case 'roots/list':
      return { roots: {} };
    default:
      throw new TypeError(`an input_required result cannot ask for ${method}`);
  }
}
