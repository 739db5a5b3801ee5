import { invalidParams, Method } from '@gatehouse/protocol';
import type { Params } from '@gatehouse/protocol';
import { StateKeys } from '@gatehouse/runtime';
import { Inject, Injectable } from '@nestjs/common';
import { Catalog } from '../../catalog/catalog.ts';
import { endpointName } from '../../catalog/endpoint-name.ts';
import type { CatalogEndpoint, CatalogLists } from '../../catalog/resolution.ts';
import type { GatewaySettings } from '../../config.ts';
import { SETTINGS } from '../../injection-tokens.ts';
import { cachingHints } from './caching-hints.ts';
import type { CachingHints } from './caching-hints.ts';
import { ListCursors } from './list-cursors.ts';
import { PreparedList } from './prepared-list.ts';
import { resultMeta } from './server-info.ts';

const listOfMethod: ReadonlyMap<string, keyof CatalogLists> = new Map([
  [Method.toolsList, 'tools'],
  [Method.resourcesList, 'resources'],
  [Method.resourceTemplatesList, 'resourceTemplates'],
  [Method.promptsList, 'prompts'],
]);

/** The list methods, answered from memory: the bytes of a page are made once per version of its list. */
@Injectable()
export class Lists {
  readonly #catalog: Catalog;
  readonly #keys: StateKeys;
  readonly #prepared = new WeakMap<readonly object[], { cacheScope: CachingHints['cacheScope']; list: PreparedList }>();

  constructor(@Inject(SETTINGS) settings: GatewaySettings, catalog: Catalog) {
    this.#catalog = catalog;
    this.#keys = new StateKeys(settings.GATEHOUSE_STATE_KEYS);
  }

  /** True when `method` is one of the list methods. */
  has(method: string): boolean {
    return listOfMethod.has(method);
  }

  /**
   * One page of a list as a result.
   * @throws JsonRpcError -32602 for a cursor that was not given out for this list, or whose place is gone
   */
  page(tenant: string, endpoint: CatalogEndpoint, method: string, params: Params): Buffer {
    const { cursor } = params;
    if (cursor !== undefined && typeof cursor !== 'string') throw invalidParams('Invalid cursor');
    const page = this.#preparedList(tenant, endpoint, listOfMethod.get(method) as keyof CatalogLists).page(cursor);
    if (page === undefined) throw invalidParams('Invalid cursor');
    return page;
  }

  #preparedList(tenant: string, endpoint: CatalogEndpoint, key: keyof CatalogLists): PreparedList {
    const items: readonly object[] = this.#catalog.lists(tenant, endpoint)[key];
    const hints = cachingHints(this.#catalog, tenant);
    const prepared = this.#prepared.get(items);
    // The scope may change although the items do not: another tenant's server came or went.
    if (prepared?.cacheScope === hints.cacheScope) return prepared.list;
    const server = endpoint.kind === 'server' ? this.#catalog.server(tenant, endpoint.server) : undefined;
    const cursors = new ListCursors(this.#keys, [tenant, endpointName(endpoint), key]);
    const list = new PreparedList(key, items, { ...hints, _meta: resultMeta(server) }, cursors);
    this.#prepared.set(items, { cacheScope: hints.cacheScope, list });
    return list;
  }
}
