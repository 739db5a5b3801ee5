import type { Principal } from '@gatehouse/protocol';
import type { Catalog } from '../catalog/catalog.ts';
import type { CatalogEndpoint } from '../catalog/resolution.ts';
import { decide } from '../policy/decide.ts';
import { scopesOfReading } from '../policy/required-scopes.ts';
import type { SubscriptionFilter } from './subscription-filter.ts';
import { listGroup, resourceGroup } from './topic.ts';
import type { AnnouncedList, Topic } from './topic.ts';

const listOfField = {
  toolsListChanged: 'tools',
  promptsListChanged: 'prompts',
  resourcesListChanged: 'resources',
} as const satisfies Partial<Record<keyof SubscriptionFilter, AnnouncedList>>;

/** What a subscription gets of what it asked for: the filter for the client, and the topics behind it. */
interface Acknowledged {
  filter: SubscriptionFilter;
  topics: Topic[];
}

/**
 * Narrows a filter to what the endpoint offers and the caller may have (MCP 2026-07-28 Subscriptions §Acknowledgment).
 * Lists are everybody's. A resource is left out when nobody here owns its URI, or when the token could not read it.
 */
export function acknowledge(
  catalog: Catalog,
  principal: Principal,
  endpoint: CatalogEndpoint,
  asked: SubscriptionFilter,
): Acknowledged {
  const { tenant } = principal;
  const filter: SubscriptionFilter = {};
  const topics: Topic[] = [];
  const lists = listGroup(tenant, endpoint);
  for (const [field, key] of Object.entries(listOfField) as [keyof typeof listOfField, AnnouncedList][]) {
    if (!asked[field]) continue;
    filter[field] = true;
    topics.push({ group: lists, key });
  }
  if (asked.resourceSubscriptions) filter.resourceSubscriptions = [];
  for (const uri of asked.resourceSubscriptions ?? []) {
    const owner = catalog.resolveResource(tenant, endpoint, uri);
    if (!owner || isTemplate(owner.definition, uri)) continue;
    if (decide(principal, scopesOfReading(owner.server)).kind !== 'allow') continue;
    filter.resourceSubscriptions?.push(uri);
    topics.push({ group: resourceGroup(tenant, endpoint, owner.server), key: uri });
  }
  return { filter, topics };
}

/** The text of a template stands for many resources and is none itself. */
function isTemplate(definition: object | undefined, uri: string): boolean {
  return definition !== undefined && 'uriTemplate' in definition && definition.uriTemplate === uri;
}
