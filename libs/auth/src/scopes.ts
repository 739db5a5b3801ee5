import type { Principal } from '@gatehouse/protocol';

/**
 * True when the principal's token carries every one of these scopes.
 * @param toolName the tool that is called, if any, by its name at its own server: a scope may be granted without it.
 */
export function hasScopes(principal: Principal, needed: readonly string[], toolName?: string): boolean {
  for (const scope of needed) {
    if (!principal.scopes.includes(scope) && !hasPartOf(principal, scope, toolName)) return false;
  }
  return true;
}

function hasPartOf({ partialScopes }: Principal, scope: string, toolName: string | undefined): boolean {
  if (partialScopes === undefined || !Object.hasOwn(partialScopes, scope)) return false;
  return toolName === undefined || !partialScopes[scope]?.includes(toolName);
}
