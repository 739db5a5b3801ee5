import type { Principal, RequestId } from '@gatehouse/protocol';
import type { RequestContext } from '../endpoint/mcp-request.ts';
import type { Notification } from './notification.ts';
import { topicName } from './topic.ts';
import type { Topic } from './topic.ts';

/**
 * Why a subscription is over: the gateway stops, it is as old as it may be, its reader went away, it would have to hear
 * what is larger than a notification can be, or its token was revoked.
 */
export type SubscriptionEnd = 'draining' | 'max-age' | 'client-left' | 'too-large' | 'revoked';

/** One open `subscriptions/listen` stream. There are thousands: it holds as little as it can. */
export class Subscription {
  readonly id: RequestId;
  readonly principal: Principal;
  readonly topics: readonly Topic[];
  readonly openedAt = performance.now();
  readonly #stream: Pick<RequestContext, 'notify'>;
  readonly #onEnd: (end: SubscriptionEnd) => void;
  /** The newest notification of each topic that its reader had no room for. */
  #missed: Map<string, Notification> | undefined;

  constructor(
    of: { id: RequestId; principal: Principal; topics: readonly Topic[] },
    stream: Pick<RequestContext, 'notify'>,
    onEnd: (end: SubscriptionEnd) => void,
  ) {
    this.id = of.id;
    this.principal = of.principal;
    this.topics = of.topics;
    this.#stream = stream;
    this.#onEnd = onEnd;
  }

  /** True while something waits for the reader to read on. */
  get behind(): boolean {
    return this.#missed !== undefined;
  }

  /** Sends a notification, or keeps it for `catchUp` when too much waits for the reader: one for each topic, the newest. */
  notify(topic: Topic, notification: Notification): void {
    // Nothing overtakes what waits.
    if (!this.#missed && this.#stream.notify(notification.encode(this.id))) return;
    this.#missed ??= new Map();
    this.#missed.set(topicName(topic), notification);
  }

  /** Sends what the reader missed, as far as there is room now. */
  catchUp(): void {
    for (const [name, notification] of this.#missed ?? []) {
      if (!this.#stream.notify(notification.encode(this.id))) return;
      this.#missed?.delete(name);
    }
    this.#missed = undefined;
  }

  end(end: SubscriptionEnd): void {
    this.#onEnd(end);
  }
}
