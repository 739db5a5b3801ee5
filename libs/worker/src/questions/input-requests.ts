import { isObject } from '@gatehouse/protocol';
import type { RequiredClientCapabilities } from '@gatehouse/protocol';

/** MCP 2026-07-28 schema `InputRequest`: what the client is asked to do before it retries, as it goes over the wire. */
export interface InputRequest {
  method: 'elicitation/create' | 'sampling/createMessage' | 'roots/list';
  params: Record<string, unknown>;
}

/** MCP 2026-07-28 schema `InputRequests`: by keys that the author chooses. */
export type InputRequests = Record<string, InputRequest>;

/**
 * What a client must have declared before it may be sent a request (MCP 2026-07-28 Multi Round-Trip Requests §Server
 * Requirements; Elicitation, Sampling and Roots §Capabilities); undefined for a method that may not be asked at all.
 */
export function capabilitiesOf(
  method: string,
  params: Readonly<Record<string, unknown>>,
): RequiredClientCapabilities | undefined {
  switch (method) {
    case 'elicitation/create':
      return { elicitation: params.mode === 'url' ? { url: {} } : { form: {} } };
    case 'sampling/createMessage': {
      const { tools, toolChoice, includeContext = 'none' } = params;
      const usesTools = Array.isArray(tools) || isObject(toolChoice);
      return { sampling: { ...(usesTools && { tools: {} }), ...(includeContext !== 'none' && { context: {} }) } };
    }
    case 'roots/list':
      return { roots: {} };
    default:
      return undefined;
  }
}

/** What several requests need together. */
export function joinCapabilities(all: readonly RequiredClientCapabilities[]): RequiredClientCapabilities {
  const joined: Record<string, object> = {};
  for (const required of all) {
    for (const [name, features] of Object.entries(required))
      joined[name] = { ...joined[name], ...(features as object) };
  }
  return joined;
}
