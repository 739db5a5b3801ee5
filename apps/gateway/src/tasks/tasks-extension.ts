import type { RequiredClientCapabilities } from '@gatehouse/protocol';
import { Extension, findMissingCapabilities, missingClientCapability } from '@gatehouse/protocol';

/** What a client declares that can handle tasks (MCP Tasks extension §Capability Negotiation). */
export const tasksCapability: RequiredClientCapabilities = { extensions: { [Extension.tasks]: {} } };

/** True when the client of this request can handle tasks; what it declared with another request does not count. */
export function declaresTasks(clientCapabilities: Record<string, unknown>): boolean {
  return findMissingCapabilities(tasksCapability, clientCapabilities) === undefined;
}

/** @throws JsonRpcError -32021 when the client has not declared the extension with this request (§Protocol Errors) */
export function requireTasksExtension(clientCapabilities: Record<string, unknown>): void {
  const missing = findMissingCapabilities(tasksCapability, clientCapabilities);
  if (missing) throw missingClientCapability(missing);
}
