import type { StateKeys } from '@gatehouse/runtime';

const purpose = 'cursor';

/**
 * The cursors of one list. A cursor is sealed text that names the last item of the page before: it tells its client
 * nothing, opens on every replica, and only for the list that it was written for.
 */
export class ListCursors {
  readonly #keys: StateKeys;
  readonly #boundTo: readonly string[];

  /** @param boundTo what makes the list this list: tenant, endpoint and kind */
  constructor(keys: StateKeys, boundTo: readonly string[]) {
    this.#keys = keys;
    this.#boundTo = boundTo;
  }

  write(lastItem: string): string {
    return this.#keys.seal(purpose, this.#boundTo, Buffer.from(lastItem));
  }

  /** The last item of the page before; undefined for a cursor that was not written for this list. */
  read(cursor: string): string | undefined {
    return this.#keys.open(purpose, this.#boundTo, cursor)?.toString();
  }
}
