import { isLegacyVersion, legacyVersions } from '@gatehouse/protocol';
import type { Params } from '@gatehouse/protocol';
import type { EndpointDescription } from '../endpoint/methods/discover.ts';
import { serverInfoOf } from '../endpoint/methods/server-info.ts';

/**
 * The result of `initialize`: the asked revision if it is one of the legacy ones, else the newest of them
 * (MCP 2025-11-25 Lifecycle §Version Negotiation). No session is begun: every request is served on its own.
 */
export function initializeResult(params: Params, description: EndpointDescription): Buffer {
  const { protocolVersion } = params;
  const known = typeof protocolVersion === 'string' && isLegacyVersion(protocolVersion);
  const { server, completions, instructions } = description;
  return Buffer.from(
    JSON.stringify({
      protocolVersion: known ? protocolVersion : legacyVersions[0],
      capabilities: { tools: {}, resources: {}, prompts: {}, ...(completions ? { completions: {} } : {}) },
      serverInfo: serverInfoOf(server),
      instructions,
    }),
  );
}
