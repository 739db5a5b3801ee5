import type { Logger } from '@gatehouse/runtime';
import type { JsMsg, PushConsumer } from '@nats-io/jetstream';
import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { NatsConnection, Subscription } from '@nats-io/nats-core';
import { catalogStream, ensureCatalogBucket, parseCatalogSubject } from './catalog-bucket.ts';
import type { AnnouncedServer } from './catalog-entries.ts';
import { CatalogEntries } from './catalog-entries.ts';
import { keepCatalog } from './catalog-keeper.ts';
import { logAnnouncementDropped, logCatalogUnreadable } from './events.ts';
import { explainJetStreamFailure } from './explain-jetstream-failure.ts';
import { StreamFollower } from './stream-follower.ts';

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
    view.close();
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
  readonly #follower: StreamFollower<CatalogEntries>;
  #rereadTimer: NodeJS.Timeout | undefined;
  #keeping: Subscription | undefined;

  constructor(connection: NatsConnection, logger: Logger) {
    this.#connection = connection;
    this.#logger = logger;
    this.#follower = new StreamFollower(connection, {
      what: 'the catalog',
      openConsumer: () => openCatalogConsumer(connection),
      begin: () => new CatalogEntries(),
      take: (entries, message) => {
        this.#apply(entries, message);
        if (entries === this.#entries) this.#publish();
      },
      use: (entries) => {
        this.#entries = entries;
        this.#publish();
      },
      onFailed: (error) => logCatalogUnreadable(logger, error),
    });
  }

  async open(): Promise<void> {
    await this.#follower.read();
    // A bucket without markers says nothing when an entry expires.
    this.#rereadTimer = setInterval(() => void this.reread(), rereadIntervalMs);
    this.#rereadTimer.unref();
    this.#keeping = keepCatalog(this.#connection, this, this.#logger);
  }

  servers(): readonly AnnouncedServer[] {
    return this.#servers;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  reread(): Promise<void> {
    return this.#follower.reread();
  }

  close(): void {
    clearInterval(this.#rereadTimer);
    if (!this.#connection.isClosed()) this.#keeping?.unsubscribe();
    this.#follower.close();
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
}

async function openCatalogConsumer(connection: NatsConnection): Promise<PushConsumer> {
  const client = jetstream(connection);
  await ensureCatalogBucket(await client.jetstreamManager());
  return client.consumers.getPushConsumer(catalogStream, {
    deliver_policy: DeliverPolicy.LastPerSubject,
    filter_subjects: '$KV.gh_catalog.>',
  });
}
