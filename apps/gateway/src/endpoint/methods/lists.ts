import { invalidParams, Method } from '@gatehouse/protocol';
import type { Params } from '@gatehouse/protocol';
import { Injectable } from '@nestjs/common';
import { Catalog } from '../../catalog/catalog.ts';
import type { CatalogEndpoint, CatalogLists } from '../../catalog/resolution.ts';
import { listTtlMs } from './discover.ts';
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
  readonly #prepared = new WeakMap<readonly object[], PreparedList>();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
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
    const key = listOfMethod.get(method) as keyof CatalogLists;
    const items: readonly object[] = this.#catalog.lists(tenant, endpoint)[key];
    let prepared = this.#prepared.get(items);
    if (prepared === undefined) {
      const server = endpoint.kind === 'server' ? this.#catalog.server(tenant, endpoint.server) : undefined;
      const tail = { ttlMs: listTtlMs, cacheScope: 'private', _meta: resultMeta(server) };
      prepared = new PreparedList(key, items, tail);
      this.#prepared.set(items, prepared);
    }
    const page = prepared.page(cursor);
    if (page === undefined) throw invalidParams('Invalid cursor');
    return page;
  }
}
