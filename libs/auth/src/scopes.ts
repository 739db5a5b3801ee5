import type { Principal } from '@gatehouse/protocol';

/** True when the principal's token carries every one of these scopes. */
export function hasScopes(principal: Principal, needed: readonly string[]): boolean {
  for (const scope of needed) if (!principal.scopes.includes(scope)) return false;
  return true;
}
