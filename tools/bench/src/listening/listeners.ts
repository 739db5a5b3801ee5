import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { prepare } from '../prepared-request.ts';

const acknowledged = 'notifications/subscriptions/acknowledged';
const updated = 'notifications/resources/updated';
const jsonBody = { 'content-type': 'application/json' };
const openAtOnce = 100;

/** What many clients listen to. */
export interface ListenOrder {
  url: string;
  /** One per account; the streams are dealt out to them. */
  accessTokens: string[];
  streams: number;
  /** The resource whose updates all of them ask for. */
  uri: string;
}

/** Many open `subscriptions/listen` streams, each on a connection of its own (MCP 2026-07-28 Subscriptions). */
export class Listeners {
  readonly #order: ListenOrder;
  readonly #agent = new Agent({ keepAlive: false });
  #ended = 0;
  #heard = 0;
  #onAllHeard: (() => void) | undefined;

  constructor(order: ListenOrder) {
    this.#order = order;
  }

  /** How many streams the gateway has ended. */
  get ended(): number {
    return this.#ended;
  }

  /** How many streams have heard of an update since `hearOnce` was called. */
  get heard(): number {
    return this.#heard;
  }

  /** Opens all streams; resolves when the last one is acknowledged. */
  async open(): Promise<void> {
    let next = 0;
    const openSome = async () => {
      while (next < this.#order.streams) await this.#openStream(next++);
    };
    await Promise.all(Array.from({ length: openAtOnce }, openSome));
  }

  /** Resolves when every stream has heard of one more update. */
  hearOnce(): Promise<void> {
    this.#heard = 0;
    return new Promise((resolve) => {
      this.#onAllHeard = resolve;
    });
  }

  async #openStream(id: number): Promise<void> {
    const response = await this.#post(id);
    response.setEncoding('utf8');
    if (response.statusCode !== 200) {
      throw new Error(`stream ${id} was answered with ${response.statusCode}: ${(await response.toArray()).join('')}`);
    }
    await new Promise<void>((resolve, reject) => {
      let unread = '';
      response.on('data', (text: string) => {
        const events = (unread + text).split('\n\n');
        unread = events.pop() ?? '';
        for (const event of events) {
          if (event.includes(updated)) this.#count();
          else if (event.includes(acknowledged) && event.includes(this.#order.uri)) resolve();
          else if (!event.startsWith(':')) reject(new Error(`stream ${id} began with ${event}`));
        }
      });
      response.on('close', () => {
        this.#ended++;
        reject(new Error(`stream ${id} ended before it was acknowledged: ${unread}`));
      });
    });
  }

  #post(id: number): Promise<IncomingMessage> {
    const { url, accessTokens, uri } = this.#order;
    const { headers, body } = prepare('subscriptions/listen', { notifications: { resourceSubscriptions: [uri] } }, id);
    const authorization = `Bearer ${accessTokens[id % accessTokens.length]}`;
    const options = { method: 'POST', agent: this.#agent, headers: { ...headers, ...jsonBody, authorization } };
    return new Promise((resolve, reject) => {
      request(url, options).once('response', resolve).once('error', reject).end(body);
    });
  }

  #count(): void {
    if (++this.#heard === this.#order.streams) this.#onAllHeard?.();
  }
}
