import { isTaskId, principalToken, subjectToken } from '@gatehouse/messaging';
import type { StoredTask, TaskKey } from '@gatehouse/messaging';
import type { Principal } from '@gatehouse/protocol';
import type { McpRequest } from '../endpoint/mcp-request.ts';
import { decide } from '../policy/decide.ts';

/**
 * Tenant, issuer and account are the caller's own: another caller's task has another key. Undefined for what no gateway gave
 * out, which is looked for nowhere and remembered by nobody, however long it is.
 */
export function keyOf(principal: Principal, taskId: string): TaskKey | undefined {
  if (!isTaskId(taskId)) return undefined;
  return { tenant: subjectToken(principal.tenant), principal: principalToken(principal), taskId };
}

/**
 * Whether a caller may see a task of its own: what belongs to another server's endpoint is as unknown here as what belongs to
 * somebody else, and nobody sees a result without the scopes that its call needed.
 */
export function isVisible(
  { principal, endpoint }: McpRequest,
  { state }: StoredTask,
): 'visible' | 'unknown' | 'scopes' {
  if (endpoint.kind === 'server' && endpoint.server !== state.server) return 'unknown';
  return decide(principal, state.scopes).kind === 'allow' ? 'visible' : 'scopes';
}
