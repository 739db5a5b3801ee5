import type { RequestId } from '@gatehouse/protocol';
import { invalidParams, Method } from '@gatehouse/protocol';
import type { Logger } from '@gatehouse/runtime';
import { Inject, Injectable } from '@nestjs/common';
import { Catalog } from '../catalog/catalog.ts';
import type { GatewaySettings } from '../config.ts';
import type { McpAnswer, McpRequest, RequestContext } from '../endpoint/mcp-request.ts';
import { LOGGER, SETTINGS } from '../injection-tokens.ts';
import { acknowledge } from './acknowledge.ts';
import { logStreamEnded, logStreamOpened } from './events.ts';
import { Notification, subscriptionMeta } from './notification.ts';
import { readFilter } from './subscription-filter.ts';
import { Subscription } from './subscription.ts';
import type { SubscriptionEnd } from './subscription.ts';
import { Subscriptions } from './subscriptions.ts';
import { TaskChanges } from './task-changes.ts';

/** Every message of a stream repeats the id of its request. */
const maxIdLength = 1_024;

/** `subscriptions/listen` (MCP 2026-07-28 Subscriptions). */
@Injectable()
export class Listen {
  readonly #logger: Logger;
  readonly #catalog: Catalog;
  readonly #subscriptions: Subscriptions;
  readonly #tasks: TaskChanges;
  readonly #maxUris: number;

  constructor(
    @Inject(SETTINGS) settings: GatewaySettings,
    @Inject(LOGGER) logger: Logger,
    catalog: Catalog,
    subscriptions: Subscriptions,
    tasks: TaskChanges,
  ) {
    this.#maxUris = settings.GATEWAY_MAX_SUBSCRIBED_RESOURCES;
    this.#logger = logger;
    this.#catalog = catalog;
    this.#subscriptions = subscriptions;
    this.#tasks = tasks;
  }

  has(method: string): boolean {
    return method === Method.subscriptionsListen;
  }

  /**
   * Acknowledges a subscription and keeps its stream open. The answer comes when the gateway ends it (§Graceful Closure).
   * @throws JsonRpcError -32602 for a malformed filter or too long an id, -31004 when the account has too many streams, -32021 for tasks without
   * the extension, -31009 when they cannot be read
   */
  async answer(request: McpRequest, context: RequestContext): Promise<McpAnswer> {
    const { message, principal, endpoint, span } = request;
    const { id, params } = message;
    if (typeof id === 'string' && id.length > maxIdLength)
      throw invalidParams(`The id of a subscription has at most ${maxIdLength} characters`);
    const asked = readFilter(params, this.#maxUris);
    const tasks = asked.taskIds && (await this.#tasks.acknowledge(request, asked.taskIds));
    const { filter, topics } = acknowledge(this.#catalog, principal, endpoint, asked);
    if (tasks) {
      filter.taskIds = tasks.map(({ key }) => key);
      topics.push(...tasks);
    }
    // Nothing is waited for between this and the place it checks for.
    this.#subscriptions.checkRoom(principal, span.traceId);
    const acknowledgement = new Notification('notifications/subscriptions/acknowledged', { notifications: filter });
    // The first message of the stream: nothing is broadcast to it before it is added.
    context.notify(acknowledgement.encode(id));
    logStreamOpened(this.#logger, { accountId: principal.accountId, topics: topics.length });
    const end = await this.#keepOpen({ id, principal, topics }, context);
    logStreamEnded(this.#logger, { accountId: principal.accountId, end });
    return { kind: 'result', result: completion(id) };
  }

  #keepOpen(of: Pick<Subscription, 'id' | 'principal' | 'topics'>, context: RequestContext): Promise<SubscriptionEnd> {
    return new Promise((resolve) => {
      const subscription = new Subscription(of, context, (end) => {
        this.#subscriptions.remove(subscription);
        resolve(end);
      });
      if (context.signal.aborted) return resolve('client-left');
      context.signal.addEventListener('abort', () => subscription.end('client-left'), { once: true });
      this.#subscriptions.add(subscription);
      this.#tasks.tellPresent(subscription);
    });
  }
}

/** §Graceful Closure: no data of its own, but the subscription that it closes. */
function completion(id: RequestId): Uint8Array {
  return Buffer.from(JSON.stringify({ resultType: 'complete', _meta: subscriptionMeta(id) }));
}
