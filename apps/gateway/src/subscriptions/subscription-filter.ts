import { maxUriLength } from '@gatehouse/messaging';
import { invalidParams, isObject } from '@gatehouse/protocol';
import type { Params } from '@gatehouse/protocol';

/** MCP 2026-07-28 schema `SubscriptionFilter`, with what the Tasks extension adds. */
export interface SubscriptionFilter {
  toolsListChanged?: boolean;
  promptsListChanged?: boolean;
  resourcesListChanged?: boolean;
  resourceSubscriptions?: string[];
  /** Tasks to be followed (MCP Tasks extension §Task Status Notifications). */
  taskIds?: string[];
}

/** Each is read before it is acknowledged. */
const maxTaskIds = 100;

/**
 * Reads what a client wants to hear. Kinds of notifications that this revision does not know are ignored: the
 * acknowledgement leaves them out (MCP 2026-07-28 Subscriptions §Acknowledgment).
 * @throws JsonRpcError -32602 for what has not the shape of a filter, or names too many resources
 */
export function readFilter({ notifications }: Params, maxUris: number): SubscriptionFilter {
  if (!isObject(notifications)) throw invalidParams('params.notifications must be an object');
  const { toolsListChanged, promptsListChanged, resourcesListChanged, resourceSubscriptions, taskIds } = notifications;
  const lists = { toolsListChanged, promptsListChanged, resourcesListChanged };
  const filter: SubscriptionFilter = {};
  for (const [name, wanted] of Object.entries(lists)) {
    if (wanted !== undefined && typeof wanted !== 'boolean')
      throw invalidParams(`params.notifications.${name} must be a boolean`);
    if (wanted) filter[name as keyof typeof lists] = true;
  }
  if (resourceSubscriptions !== undefined) filter.resourceSubscriptions = readUris(resourceSubscriptions, maxUris);
  if (taskIds !== undefined) filter.taskIds = readTaskIds(taskIds);
  return filter;
}

function readTaskIds(taskIds: unknown): string[] {
  if (!Array.isArray(taskIds) || !taskIds.every((taskId) => typeof taskId === 'string'))
    throw invalidParams('params.notifications.taskIds must be a list of task ids');
  const distinct = [...new Set(taskIds)];
  if (distinct.length <= maxTaskIds) return distinct;
  throw invalidParams(`One subscription names at most ${maxTaskIds} tasks`, { limit: maxTaskIds });
}

function readUris(uris: unknown, maxUris: number): string[] {
  if (!Array.isArray(uris) || !uris.every((uri) => typeof uri === 'string'))
    throw invalidParams('params.notifications.resourceSubscriptions must be a list of URIs');
  const distinct = [...new Set(uris)];
  if (distinct.length > maxUris)
    throw invalidParams(`One subscription names at most ${maxUris} resources`, { limit: maxUris });
  // Together they become one message, which must fit what may wait for a reader.
  if (distinct.some(({ length }) => length > maxUriLength) || distinct.join('').length > maxUriCharacters)
    throw invalidParams('The URIs of this subscription are too long', { limit: maxUriCharacters });
  return distinct;
}

/** Of all URIs of one subscription. */
const maxUriCharacters = 128 * 1024;
