import { setImmediate as nextTurn } from 'node:timers/promises';
import { ErrorCode, gatehouseError } from '@gatehouse/protocol';
import type { Principal } from '@gatehouse/protocol';
import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { Revocations } from '../authorization/revocations.ts';
import { accountKey } from '../dispatch/account-key.ts';
import type { GatewaySettings } from '../config.ts';
import { SETTINGS } from '../injection-tokens.ts';
import type { Notification } from './notification.ts';
import type { Subscription } from './subscription.ts';
import { TopicIndex } from './topic-index.ts';
import type { Topic } from './topic.ts';

/** How often streams are looked at that are old, or whose readers are behind. */
const sweepIntervalMs = 250;

/** Ten thousand writes at once would keep calls waiting for a fifth of a second. */
const toldPerTurn = 250;

/** Every open subscription of this gateway: who listens to what, how many one account has, and when each ends. */
@Injectable()
export class Subscriptions implements OnModuleDestroy {
  readonly index = new TopicIndex();
  readonly #maxPerAccount: number;
  readonly #maxAgeMs: number;
  readonly #revocations: Revocations;
  /** Oldest first. */
  readonly #open = new Set<Subscription>();
  readonly #behind = new Set<Subscription>();
  readonly #untold = new Set<{ topic: Topic; notification: Notification }>();
  #telling = false;
  readonly #counts = new Map<string, number>();
  readonly #sweepTimer: NodeJS.Timeout;
  #draining = false;

  constructor(@Inject(SETTINGS) settings: GatewaySettings, revocations: Revocations) {
    this.#maxPerAccount = settings.GATEWAY_MAX_STREAMS_PER_ACCOUNT;
    this.#revocations = revocations;
    this.#maxAgeMs = settings.GATEWAY_STREAM_MAX_AGE * 1_000;
    this.#sweepTimer = setInterval(() => this.#sweep(), sweepIntervalMs);
    this.#sweepTimer.unref();
    revocations.onRevoked((isOver) => {
      for (const subscription of this.#open) if (isOver(subscription.principal)) subscription.end('revoked');
    });
  }

  get size(): number {
    return this.#open.size;
  }

  /** @throws JsonRpcError -31004 when this account has as many streams as it may have on one gateway */
  checkRoom(principal: Principal, traceId: string): void {
    if ((this.#counts.get(accountKey(principal)) ?? 0) < this.#maxPerAccount) return;
    const data = { executed: 'no', retryable: true, traceId } as const;
    throw gatehouseError(ErrorCode.rateLimited, 'Too many open subscriptions of this account', data);
  }

  /** From here on it hears what is broadcast. A gateway that stops ends it at once. */
  add(subscription: Subscription): void {
    this.#open.add(subscription);
    this.index.add(subscription);
    const account = accountKey(subscription.principal);
    this.#counts.set(account, (this.#counts.get(account) ?? 0) + 1);
    if (this.#draining) subscription.end('draining');
    // Between its token's check and here its tasks were read.
    else if (this.#revocations.isRevoked(subscription.principal)) subscription.end('revoked');
  }

  remove(subscription: Subscription): void {
    if (!this.#open.delete(subscription)) return;
    this.#behind.delete(subscription);
    this.index.remove(subscription);
    const account = accountKey(subscription.principal);
    const left = (this.#counts.get(account) ?? 1) - 1;
    if (left === 0) this.#counts.delete(account);
    else this.#counts.set(account, left);
  }

  /** Tells everybody who listens to this topic, after those that were told to before; a part in each turn of the event loop. */
  broadcast(topic: Topic, notification: Notification): void {
    this.#untold.add({ topic, notification });
    if (this.#telling) return;
    this.#telling = true;
    setImmediate(() => void this.#tell());
  }

  /** Before the public port waits for its last answers, which these would be. */
  onModuleDestroy(): void {
    this.#draining = true;
    clearInterval(this.#sweepTimer);
    for (const subscription of this.#open) subscription.end('draining');
  }

  async #tell(): Promise<void> {
    let told = 0;
    for (const broadcast of this.#untold) {
      const { topic, notification } = broadcast;
      // A copy: who comes while the others are told listens from then on.
      for (const subscription of Array.from(this.index.listeners(topic))) {
        if (++told % toldPerTurn === 0) await nextTurn();
        if (!this.#open.has(subscription)) continue;
        subscription.notify(topic, notification);
        if (subscription.behind) this.#behind.add(subscription);
      }
      this.#untold.delete(broadcast);
    }
    this.#telling = false;
  }

  #sweep(): void {
    for (const subscription of this.#behind) {
      subscription.catchUp();
      if (!subscription.behind) this.#behind.delete(subscription);
    }
    const youngest = performance.now() - this.#maxAgeMs;
    for (const subscription of this.#open) {
      if (subscription.openedAt > youngest) return;
      subscription.end('max-age');
    }
  }
}
