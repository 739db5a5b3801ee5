import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@gatehouse/runtime';
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { NatsConnection, Subscription } from '@nats-io/nats-core';
import { catalogStream, ensureCatalogBucket, parseCatalogSubject } from './catalog-bucket.ts';
import type { AnnouncedServer } from './catalog-entries.ts';
import { CatalogEntries } from './catalog-entries.ts';
import { keepCatalog } from './catalog-keeper.ts';
import { logAnnouncementDropped, logCatalogUnreadable } from './events.ts';
import { explainJetStreamFailure } from './explain-jetstream-failure.ts';

const retryIntervalMs = 500;
const readTimeoutMs = 5_000;
const rereadIntervalMs = 60 * 60 * 1000;

/** A live view of every server's definitions, kept by watching the catalog's bucket. */
export interface CatalogView {
  /** Every announced server, ordered by tenant and name; a new array after every change. */
  servers(): readonly AnnouncedServer[];
  /** Calls `listener` after every change. */
  onChange(listener: () => void): void;
  /** Reads everything again, as after an outage; resolves when the view is complete. */
  reread(): Promise<void>;
  close(): void;
}

/**
 * Reads the catalog, creating its bucket if needed, keeps watching it, and takes its share of storing what workers
 * announce. Resolves when the view is complete. After a reconnection it reads everything again by itself.
 * @throws StartError when NATS has no JetStream or denies this identity the catalog.
 */
export async function watchCatalog(connection: NatsConnection, logger: Logger): Promise<CatalogView> {
  const view = new WatchedCatalog(connection, logger);
  try {
    await view.open();
  } catch (cause) {
    throw explainJetStreamFailure(cause, 'catalog');
  }
  return view;
}

class WatchedCatalog implements CatalogView {
  readonly #connection: NatsConnection;
  readonly #logger: Logger;
  readonly #listeners: (() => void)[] = [];
  #entries = new CatalogEntries();
  #servers: readonly AnnouncedServer[] = [];
  #watch: ConsumerMessages | undefined;
  #reading: Promise<void> | undefined;
  #rereadTimer: NodeJS.Timeout | undefined;
  #keeping: Subscription | undefined;
  #closed = false;

  constructor(connection: NatsConnection, logger: Logger) {
    this.#connection = connection;
    this.#logger = logger;
  }

  async open(): Promise<void> {
    await this.#read();
    // A bucket without markers says nothing when an entry expires.
    this.#rereadTimer = setInterval(() => void this.reread(), rereadIntervalMs);
    this.#rereadTimer.unref();
    this.#keeping = keepCatalog(this.#connection, () => this.#servers, this.#logger);
    void this.#rereadAfterReconnect();
  }

  servers(): readonly AnnouncedServer[] {
    return this.#servers;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  reread(): Promise<void> {
    this.#reading ??= this.#readUntilItWorks().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#rereadTimer);
    if (!this.#connection.isClosed()) this.#keeping?.unsubscribe();
    this.#watch?.stop();
  }

  async #readUntilItWorks(): Promise<void> {
    while (!this.#closed && !this.#connection.isClosed()) {
      try {
        return await this.#read();
      } catch (error) {
        logCatalogUnreadable(this.#logger, error);
        await delay(retryIntervalMs);
      }
    }
  }

  /** Builds a fresh view from the bucket's present state, then replaces the old one and follows the changes. */
  async #read(): Promise<void> {
    const client = jetstream(this.#connection);
    await ensureCatalogBucket(await client.jetstreamManager());
    const consumer = await client.consumers.getPushConsumer(catalogStream, {
      deliver_policy: DeliverPolicy.LastPerSubject,
      filter_subjects: '$KV.gh_catalog.>',
    });
    const { num_pending: stored } = await consumer.info(true);
    const entries = new CatalogEntries();
    const complete = Promise.withResolvers<void>();
    complete.promise.catch(() => {}); // when there is nothing to wait for
    let received = 0;
    const watch = await consumer.consume({
      callback: (message) => {
        this.#apply(entries, message);
        received++;
        if (received === stored) complete.resolve();
        if (entries === this.#entries) this.#publish();
      },
    });
    void watch.closed().then(() => this.#onWatchEnd(watch, complete.reject));
    try {
      if (stored > 0) await withTimeout(complete.promise);
    } catch (error) {
      watch.stop();
      throw error;
    }
    const replaced = this.#watch;
    this.#watch = watch;
    this.#entries = entries;
    replaced?.stop();
    this.#publish();
  }

  /** A watch that ends before it was complete failed; one that ends unasked is replaced. */
  #onWatchEnd(watch: ConsumerMessages, reject: (error: Error) => void): void {
    const unasked = watch === this.#watch && !this.#closed && !this.#connection.isClosed();
    if (unasked) void this.reread();
    else reject(new Error('the watch of the catalog ended'));
  }

  #apply(entries: CatalogEntries, message: JsMsg): void {
    const key = parseCatalogSubject(message.subject);
    if (!key)
      return logAnnouncementDropped(this.#logger, { key: message.subject, reason: 'the key has no such shape' });
    // A marker of deletion or expiry has no content.
    if (message.data.length === 0) return entries.remove(key);
    const reason = entries.put(key, message.data, message.seq);
    if (reason === undefined) return;
    entries.remove(key);
    logAnnouncementDropped(this.#logger, { key: message.subject, reason });
  }

  #publish(): void {
    this.#servers = this.#entries.servers();
    for (const listener of this.#listeners) listener();
  }

  async #rereadAfterReconnect(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'reconnect' && !this.#closed) void this.reread();
    }
  }
}

/** A bus that breaks while the catalog is read would otherwise keep the reader waiting for ever. */
async function withTimeout(complete: Promise<void>): Promise<void> {
  const giveUp = new AbortController();
  const timeout = delay(readTimeoutMs, undefined, { signal: giveUp.signal }).then(() => {
    throw new Error(`the catalog was not complete after ${readTimeoutMs} ms`);
  });
  try {
    await Promise.race([complete, timeout]);
  } finally {
    giveUp.abort();
    timeout.catch(() => {});
  }
}
