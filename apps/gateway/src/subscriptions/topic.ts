import { subjectToken } from '@gatehouse/messaging';
import type { TaskKey } from '@gatehouse/messaging';
import type { CatalogEndpoint } from '../catalog/resolution.ts';

/** The lists whose changes are announced; `resources` covers resource templates too (MCP 2026-07-28 has one notification for both). */
export type AnnouncedList = 'tools' | 'prompts' | 'resources';

/**
 * What a subscription hears of: `key` within `group`. A group is what changes together, so that a broadcast finds its
 * listeners by two look-ups and never walks through streams.
 */
export interface Topic {
  readonly group: string;
  readonly key: string;
}

/** What the name of every group of resources begins with. */
export const resourceGroups = 'resources ';

/** The lists of one endpoint; the keys are `AnnouncedList`s. */
export function listGroup(tenant: string, endpoint: CatalogEndpoint): string {
  return `lists ${subjectToken(tenant)} ${nameOf(endpoint)}`;
}

/** The resources of one server at one endpoint; the keys are URIs. */
export function resourceGroup(tenant: string, endpoint: CatalogEndpoint, server: string): string {
  return `${resourceGroups}${subjectToken(tenant)} ${nameOf(endpoint)} ${server}`;
}

/** The tasks of one principal; the keys are task ids. */
export function taskGroup({ tenant, principal }: Omit<TaskKey, 'taskId'>): string {
  return `tasks ${tenant} ${principal}`;
}

/** A topic as one text, the same for equal topics. */
export function topicName({ group, key }: Topic): string {
  return `${group}\n${key}`;
}

/** Reads back what `topicName` made; groups have no line breaks. */
export function readTopic(name: string): Topic {
  const cut = name.indexOf('\n');
  return { group: name.slice(0, cut), key: name.slice(cut + 1) };
}

// No server is named like this, and no name has a space: groups of different things are different texts.
function nameOf(endpoint: CatalogEndpoint): string {
  return endpoint.kind === 'aggregate' ? '*' : endpoint.server;
}
