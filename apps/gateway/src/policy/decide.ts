import { hasScopes } from '@gatehouse/auth';
import type { Principal } from '@gatehouse/protocol';

/** What the policy says about one request of one principal. */
type Decision = { kind: 'allow' } | { kind: 'challenge'; scopes: readonly string[] };

const allow: Decision = { kind: 'allow' };

/**
 * Decides whether a principal may do what needs these scopes. A challenge names all of them, not only the missing ones
 * (MCP 2026-07-28 Authorization §Runtime Insufficient Scope Errors).
 */
export function decide(principal: Principal, scopes: readonly string[]): Decision {
  return hasScopes(principal, scopes) ? allow : { kind: 'challenge', scopes };
}
