import type { Subscription } from './subscription.ts';
import type { Topic } from './topic.ts';

/** Who listens to what: a broadcast costs what its listeners cost, however many streams and URIs there are. */
export class TopicIndex {
  readonly #groups = new Map<string, Map<string, Set<Subscription>>>();

  add(subscription: Subscription): void {
    for (const { group, key } of subscription.topics) {
      const keys = this.#groups.get(group) ?? new Map<string, Set<Subscription>>();
      this.#groups.set(group, keys);
      const listeners = keys.get(key) ?? new Set();
      keys.set(key, listeners.add(subscription));
    }
  }

  remove(subscription: Subscription): void {
    for (const { group, key } of subscription.topics) {
      const keys = this.#groups.get(group);
      const listeners = keys?.get(key);
      listeners?.delete(subscription);
      if (listeners?.size === 0) keys?.delete(key);
      if (keys?.size === 0) this.#groups.delete(group);
    }
  }

  listeners({ group, key }: Topic): Iterable<Subscription> {
    return this.#groups.get(group)?.get(key) ?? [];
  }

  /** True when anybody listens. */
  has({ group, key }: Topic): boolean {
    return this.#groups.get(group)?.has(key) ?? false;
  }

  /** The keys of a group that anybody listens to. */
  keys(group: string): string[] {
    return [...(this.#groups.get(group)?.keys() ?? [])];
  }

  /** Every group that anybody listens to. */
  groups(): string[] {
    return [...this.#groups.keys()];
  }
}
