import { hash } from 'node:crypto';
import type { ServerDefinitions, ToolDefinition } from '@gatehouse/protocol';

/**
 * The scopes that a server brings, each with its version: a digest of the tools that it opens, so that a consent can
 * tell what it was given for. `<server>:read` always exists, for resources and prompts need it.
 * A scope outside `<server>:` is left out: no server may name another's (design: first scopes).
 */
export function scopesOfServer(definitions: ServerDefinitions): Map<string, string> {
  const { server } = definitions;
  const toolsByScope = new Map<string, ToolDefinition[]>([[`${server}:read`, []]]);
  for (const tool of definitions.tools) {
    for (const scope of scopesOfTool(server, tool)) {
      if (!isOwnScope(server, scope)) continue;
      toolsByScope.set(scope, [...(toolsByScope.get(scope) ?? []), tool]);
    }
  }
  return new Map(
    [...toolsByScope].map(([scope, tools]) => {
      const opened = tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
      return [scope, hash('sha256', JSON.stringify(opened), 'base64url')];
    }),
  );
}

function scopesOfTool(server: string, tool: ToolDefinition): string[] {
  return tool.gatehouse?.scopes ?? [tool.annotations?.readOnlyHint === true ? `${server}:read` : `${server}:write`];
}

/** RFC 6749 §3.3 scope-token, after the server's prefix. */
function isOwnScope(server: string, scope: string): boolean {
  return scope.startsWith(`${server}:`) && /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(scope);
}
