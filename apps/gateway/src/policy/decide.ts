import { hasScopes } from '@gatehouse/auth';
import type { Principal } from '@gatehouse/protocol';

/** What the policy says about one request of one principal. */
type Decision = { kind: 'allow' } | { kind: 'challenge'; scopes: readonly string[] };

const allow: Decision = { kind: 'allow' };

/**
 * Decides whether a principal may do what needs these scopes. A challenge names all of them, not only the missing ones
 * (MCP 2026-07-28 Authorization §Runtime Insufficient Scope Errors).
 * @param toolName the tool that is called, if any: a scope may have been granted when it did not open this one.
 */
export function decide(principal: Principal, scopes: readonly string[], toolName?: string): Decision {
  return hasScopes(principal, scopes, toolName) ? allow : { kind: 'challenge', scopes };
}
