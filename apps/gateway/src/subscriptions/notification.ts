import { MetaKey } from '@gatehouse/protocol';
import type { RequestId } from '@gatehouse/protocol';

/**
 * A notification for any number of subscriptions. Its bytes are made once for all that share an id, as the streams of one
 * kind of client do.
 */
export class Notification {
  readonly #method: string;
  readonly #params: Readonly<Record<string, unknown>>;
  #lastId: RequestId | undefined;
  #lastBytes: Uint8Array = new Uint8Array();

  constructor(method: string, params: Readonly<Record<string, unknown>> = {}) {
    this.#method = method;
    this.#params = params;
  }

  /** The message, tagged with the subscription that hears it (MCP 2026-07-28 Subscriptions §Receiving Notifications). */
  encode(subscriptionId: RequestId): Uint8Array {
    if (this.#lastId === subscriptionId) return this.#lastBytes;
    const params = { ...this.#params, _meta: subscriptionMeta(subscriptionId) };
    this.#lastBytes = Buffer.from(JSON.stringify({ jsonrpc: '2.0', method: this.#method, params }));
    this.#lastId = subscriptionId;
    return this.#lastBytes;
  }
}

/** `_meta` of everything that a subscription's stream carries. */
export function subscriptionMeta(subscriptionId: RequestId): Record<string, unknown> {
  return { [MetaKey.subscriptionId]: subscriptionId };
}
