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

/** How much a newcomer is told to ask for. */
export type FirstScopes = 'connect' | 'read' | 'all';

/**
 * The scopes that a newcomer is told to ask for, without repetition. By default what connecting and reading need, and no
 * scope that a tool declares: a client is challenged for the others when it calls what needs them (MCP 2026-07-28
 * Authorization §Scope Selection Strategy, Security Best Practices §Scope Minimization).
 */
export function firstScopes(kind: FirstScopes, servers: Iterable<ServerDefinitions>): string[] {
  if (kind === 'connect') return [connectScope];
  const known = [...servers];
  const scopes = scopesOfServers(known);
  if (kind === 'all') return scopes;
  const reading = new Set([connectScope, ...known.map(({ server }) => `${server}:read`)]);
  return scopes.filter((scope) => reading.has(scope));
}

/** Every scope that using these servers can need, without repetition. */
function scopesOfServers(servers: Iterable<ServerDefinitions>): string[] {
  const scopes = new Set([connectScope]);
  for (const definitions of servers) {
    for (const tool of definitions.tools) for (const scope of scopesOfTool(definitions.server, tool)) scopes.add(scope);
    const readable = definitions.resources.length + definitions.resourceTemplates.length + definitions.prompts.length;
    if (readable + definitions.uriPrefixes.length > 0) scopes.add(`${definitions.server}:read`);
  }
  return [...scopes];
}
