import type { ServerDefinitions, ToolDefinition } from '@gatehouse/protocol';

/** Lets a client connect and list; every request needs it (design: first scopes). */
export const connectScope = 'mcp';

/** What a tool needs: its own scopes, or `<server>:read` when it only reads, or `<server>:write`. */
export function scopesOfTool(server: string, tool: ToolDefinition): string[] {
  const own = tool.gatehouse?.scopes;
  if (own !== undefined && own.length > 0) return [connectScope, ...own];
  return [connectScope, tool.annotations?.readOnlyHint === true ? `${server}:read` : `${server}:write`];
}

/** What resources, prompts and completions of a server need. */
export function scopesOfReading(server: string): string[] {
  return [connectScope, `${server}:read`];
}

/**
 * Every scope that using these servers can need, without repetition. A client that asks for them once can call
 * everything after one approval.
 */
export function scopesOfServers(servers: Iterable<ServerDefinitions>): string[] {
  const scopes = new Set([connectScope]);
  for (const definitions of servers) {
    for (const tool of definitions.tools) for (const scope of scopesOfTool(definitions.server, tool)) scopes.add(scope);
    const readable = definitions.resources.length + definitions.resourceTemplates.length + definitions.prompts.length;
    if (readable + definitions.uriPrefixes.length > 0) scopes.add(`${definitions.server}:read`);
  }
  return [...scopes];
}
