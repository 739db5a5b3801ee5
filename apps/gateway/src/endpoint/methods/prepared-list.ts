import type { CatalogLists } from '../../catalog/resolution.ts';

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
 * One version of one list, with the bytes of its pages. A cursor names the last item of the page before, so it holds on
 * every replica and survives changes elsewhere in the list.
 */
export class PreparedList {
  readonly #list: keyof CatalogLists;
  readonly #items: readonly object[];
  readonly #tail: object;
  readonly #positions = new Map<string, number>();
  readonly #pages = new Map<number, Buffer>();

  constructor(list: keyof CatalogLists, items: readonly object[], tail: object) {
    this.#list = list;
    this.#items = items;
    this.#tail = tail;
    if (items.length > pageSize) items.forEach((item, index) => this.#positions.set(this.#keyAt(item), index));
  }

  /** The page behind a cursor; undefined when the cursor names no place in this list. */
  page(cursor: string | undefined): Buffer | undefined {
    if (cursor === undefined) return this.#pageAt(0);
    const [list, key] = readCursor(cursor);
    const position = list === this.#list && key !== undefined ? this.#positions.get(key) : undefined;
    return position === undefined ? undefined : this.#pageAt(position + 1);
  }

  #pageAt(start: number): Buffer {
    const known = this.#pages.get(start);
    if (known !== undefined) return known;
    const items = this.#items.slice(start, start + pageSize);
    const last = items.at(-1);
    const more = last !== undefined && start + pageSize < this.#items.length;
    const nextCursor = more ? writeCursor(this.#list, this.#keyAt(last)) : undefined;
    const result = { resultType: 'complete', [this.#list]: items, nextCursor, ...this.#tail };
    const page = Buffer.from(JSON.stringify(result));
    // Only the regular pages are kept: cursors can be made up for every item.
    if (start % pageSize === 0) this.#pages.set(start, page);
    return page;
  }

  #keyAt(item: object): string {
    return (keyOf[this.#list] as (item: object) => string)(item);
  }
}

function writeCursor(list: string, key: string): string {
  return Buffer.from(`${list}\n${key}`).toString('base64url');
}

function readCursor(cursor: string): [list: string, key: string | undefined] {
  const text = Buffer.from(cursor, 'base64url').toString();
  const end = text.indexOf('\n');
  return end === -1 ? [text, undefined] : [text.slice(0, end), text.slice(end + 1)];
}
