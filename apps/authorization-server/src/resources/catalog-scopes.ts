import { hash } from 'node:crypto';
import type { ServerDefinitions, ToolDefinition } from '@gatehouse/protocol';

/**
 * The scopes that a server brings, each with its version: a digest of the tools that it opens, so that a consent can
 * tell what it was given for. `<server>:read` always exists, for resources and prompts need it.
 * The catalog admits no scope outside `<server>:`.
 */
export function scopesOfServer(definitions: ServerDefinitions): Map<string, string> {
  const { server } = definitions;
  const toolsByScope = new Map<string, ToolDefinition[]>([[`${server}:read`, []]]);
  for (const tool of definitions.tools) {
    for (const scope of scopesOfTool(server, tool)) {
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
