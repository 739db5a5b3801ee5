import type { CatalogLists } from '../../catalog/resolution.ts';
import type { ListCursors } from './list-cursors.ts';

/** Items of one page. Large, because many clients read the first page only. */
const pageSize = 500;

/** What names an item of a list; unique within it. */
const keyOf: { [List in keyof CatalogLists]: (item: CatalogLists[List][number]) => string } = {
  tools: (tool) => tool.name,
  resources: (resource) => resource.uri,
  resourceTemplates: (template) => template.uriTemplate,
  prompts: (prompt) => prompt.name,
};

/**
 * One version of one list, with the bytes of its pages. A cursor names the last item of the page before, so it survives
 * changes elsewhere in the list.
 */
export class PreparedList {
  readonly #list: keyof CatalogLists;
  readonly #items: readonly object[];
  readonly #tail: object;
  readonly #cursors: ListCursors;
  readonly #positions = new Map<string, number>();
  readonly #pages = new Map<number, Buffer>();

  /** @param tail what every page says beside its items (MCP 2026-07-28 Caching: the same `cacheScope` on all pages) */
  constructor(list: keyof CatalogLists, items: readonly object[], tail: object, cursors: ListCursors) {
    this.#list = list;
    this.#items = items;
    this.#tail = tail;
    this.#cursors = cursors;
    if (items.length > pageSize) items.forEach((item, index) => this.#positions.set(this.#keyAt(item), index));
  }

  /** The page behind a cursor; undefined when the cursor names no place in this list. */
  page(cursor: string | undefined): Buffer | undefined {
    if (cursor === undefined) return this.#pageAt(0);
    const key = this.#cursors.read(cursor);
    const position = key === undefined ? undefined : this.#positions.get(key);
    return position === undefined ? undefined : this.#pageAt(position + 1);
  }

  #pageAt(start: number): Buffer {
    const known = this.#pages.get(start);
    if (known !== undefined) return known;
    const items = this.#items.slice(start, start + pageSize);
    const last = items.at(-1);
    const more = last !== undefined && start + pageSize < this.#items.length;
    const nextCursor = more ? this.#cursors.write(this.#keyAt(last)) : undefined;
    const result = { resultType: 'complete', [this.#list]: items, nextCursor, ...this.#tail };
    const page = Buffer.from(JSON.stringify(result));
    // Only the regular pages are kept: cursors of earlier versions of the list can name any item.
    if (start % pageSize === 0) this.#pages.set(start, page);
    return page;
  }

  #keyAt(item: object): string {
    return (keyOf[this.#list] as (item: object) => string)(item);
  }
}
