import { Coalescer } from '@gatehouse/messaging';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Catalog } from '../catalog/catalog.ts';
import type { CatalogEndpoint } from '../catalog/resolution.ts';
import type { TenantCatalog } from '../catalog/tenant-catalog.ts';
import { changedLists } from './changed-lists.ts';
import { Notification } from './notification.ts';
import { Subscriptions } from './subscriptions.ts';
import { listGroup } from './topic.ts';

/**
 * The delay lets the other replicas see the change too: whoever hears of it may ask one of them next. Both together stay
 * below the second within which every listener has heard.
 */
const timing = { delayMs: 100, intervalMs: 400 };

/** Announces what really changed in the lists of each endpoint, from this gateway's own view of the catalog. */
@Injectable()
export class ListChanges implements OnApplicationShutdown {
  readonly #catalog: Catalog;
  readonly #subscriptions: Subscriptions;
  /** What each tenant listed when it was last announced, while a change waits. */
  readonly #before = new Map<string, TenantCatalog | undefined>();
  readonly #changed = new Coalescer<string>(timing, (tenants) => {
    for (const tenant of tenants) this.#announce(tenant);
  });

  constructor(catalog: Catalog, subscriptions: Subscriptions) {
    this.#catalog = catalog;
    this.#subscriptions = subscriptions;
    catalog.onChange((tenant, before) => {
      if (!this.#before.has(tenant)) this.#before.set(tenant, before);
      this.#changed.add(tenant);
    });
  }

  onApplicationShutdown(): void {
    this.#changed.close();
  }

  #announce(tenant: string): void {
    const before = this.#before.get(tenant);
    this.#before.delete(tenant);
    const after = this.#catalog.tenant(tenant);
    for (const endpoint of endpointsOf(before, after)) {
      const group = listGroup(tenant, endpoint);
      if (this.#subscriptions.index.keys(group).length === 0) continue;
      for (const key of changedLists(before?.endpoint(endpoint)?.lists, after?.endpoint(endpoint)?.lists)) {
        this.#subscriptions.broadcast({ group, key }, new Notification(`notifications/${key}/list_changed`));
      }
    }
  }
}

/** `/mcp`, and the endpoint of every server that came, went or has other definitions. */
function endpointsOf(before: TenantCatalog | undefined, after: TenantCatalog | undefined): CatalogEndpoint[] {
  const digests = new Map(before?.servers.map(({ name, digest }) => [name, digest]));
  const changed = new Set<string>(digests.keys());
  for (const { name, digest } of after?.servers ?? []) {
    if (digests.get(name) === digest) changed.delete(name);
    else changed.add(name);
  }
  return [{ kind: 'aggregate' }, ...[...changed].map((server) => ({ kind: 'server' as const, server }))];
}
