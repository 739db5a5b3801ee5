import { hash } from 'node:crypto';
import type { ServerDefinitions, ToolDefinition } from '@gatehouse/protocol';

/** What a scope opens. */
export interface ScopeContent {
  /** Digest of all tools that the scope opens; a consent holds for one version. */
  version: string;
  /** Digest of each tool by its name: what a person saw of it when they consented. */
  tools: Record<string, string>;
}

/**
 * The scopes that a server brings, each with what it opens, so that a consent can tell what it was given for.
 * `<server>:read` always exists, for resources and prompts need it. The catalog admits no scope outside `<server>:`.
 */
export function scopesOfServer(definitions: ServerDefinitions): Map<string, ScopeContent> {
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
      const digests = opened.map((tool): [string, string] => [tool.name, digestOf(tool)]);
      return [scope, { version: digestOf(opened), tools: Object.fromEntries(digests) }];
    }),
  );
}

function scopesOfTool(server: string, tool: ToolDefinition): string[] {
  const own = tool.gatehouse?.scopes ?? [];
  if (own.length > 0) return own;
  return [tool.annotations?.readOnlyHint === true ? `${server}:read` : `${server}:write`];
}

function digestOf(value: unknown): string {
  return hash('sha256', JSON.stringify(value), 'base64url');
}
