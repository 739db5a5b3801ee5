/**
 * What is under way, each in a place that is used again: for what comes and goes thousands of times a second and holds much
 * in memory. V8 leaves in every hash table of a `Map` or `Set` that it replaces a pointer to the next one, so one replaced
 * table in the old generation keeps all that came after it, and whatever was in them, from young collections
 * (docs/decisions/0027).
 */
export class Slots<Value extends object> implements Iterable<Value> {
  readonly #values: (Value | undefined)[] = [];
  readonly #free: number[] = [];

  /** How many places are taken. */
  get size(): number {
    return this.#values.length - this.#free.length;
  }

  /** Takes a place; returns its number. */
  add(value: Value): number {
    const slot = this.#free.pop() ?? this.#values.length;
    this.#values[slot] = value;
    return slot;
  }

  get(slot: number): Value | undefined {
    return this.#values[slot];
  }

  /** Frees the place if `value` is still in it; false when it is not, because it was freed before. */
  delete(slot: number, value: Value): boolean {
    if (this.#values[slot] !== value) return false;
    this.#values[slot] = undefined;
    this.#free.push(slot);
    return true;
  }

  /** In the order of places, which is not that of arrival. Places may be freed and taken meanwhile. */
  *[Symbol.iterator](): IterableIterator<Value> {
    for (const value of this.#values) if (value !== undefined) yield value;
  }
}
