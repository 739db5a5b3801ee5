import { readParamHeaders } from '@gatehouse/protocol';
import type { ServerDefinitions } from '@gatehouse/protocol';
import type { Exclusion } from './resolution.ts';

/** A server's definitions as they may be listed, and the tools that no client would take. */
interface Screened {
  definitions: ServerDefinitions;
  rejected: Exclusion[];
}

/** Kept as long as the definitions: they are screened again with every change of any other server. */
const known = new WeakMap<ServerDefinitions, Screened>();

/**
 * Leaves out tools whose `x-mcp-header` annotations are invalid, as clients must (MCP 2026-07-28 Streamable HTTP §Schema
 * Extension): to the worker, the gateway is the client. One such tool keeps no other from being used.
 */
export function rejectInvalidTools(definitions: ServerDefinitions): Screened {
  const screened = known.get(definitions) ?? screen(definitions);
  known.set(definitions, screened);
  return screened;
}

function screen(definitions: ServerDefinitions): Screened {
  const rejected: Exclusion[] = [];
  const tools = definitions.tools.filter(({ name, inputSchema }) => {
    const paramHeaders = readParamHeaders(inputSchema);
    if (paramHeaders.valid) return true;
    const { reason: detail } = paramHeaders;
    rejected.push({ server: definitions.server, name, reason: 'invalid-header-annotation', detail });
    return false;
  });
  return { definitions: rejected.length === 0 ? definitions : { ...definitions, tools }, rejected };
}
