import { setTimeout as delay } from 'node:timers/promises';
import { connectNats, inboxPrefix, watchCatalog } from '@gatehouse/messaging';
import type { CatalogView, NatsConnection } from '@gatehouse/messaging';
import type { Logger } from '@gatehouse/runtime';
import type { DataSource } from 'typeorm';
import { defaultTenant } from '../config.ts';
import type { Settings } from '../config.ts';
import { reportCatalogUnavailable, reportLearntServer } from '../events.ts';
import { learnServer } from './learn-server.ts';

const retryIntervalMs = 1_000;

/**
 * Learns servers and their scopes from the catalog as long as NATS is there; without it the known rows serve. It never
 * stands in the way of a start.
 */
export class CatalogFollower {
  readonly #dataSource: DataSource;
  readonly #settings: Settings;
  readonly #logger: Logger;
  readonly #onConnected: ((connection: NatsConnection) => void) | undefined;
  readonly #stopping = new AbortController();
  /** Digest of the definitions that were learnt, by server. */
  readonly #learnt = new Map<string, string>();
  readonly #running: Promise<void>;
  #connection: NatsConnection | undefined;
  #changes = Promise.withResolvers<void>();

  /** @param options `onConnected` is called once with the connection, for what else goes through it. */
  constructor(options: {
    dataSource: DataSource;
    settings: Settings;
    logger: Logger;
    onConnected?: (connection: NatsConnection) => void;
  }) {
    this.#onConnected = options.onConnected;
    this.#dataSource = options.dataSource;
    this.#settings = options.settings;
    this.#logger = options.logger;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#changes.resolve();
    await this.#connection?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const view = await this.#open();
    if (!view) return;
    view.onChange(() => this.#changes.resolve());
    while (!this.#stopping.signal.aborted) {
      this.#changes = Promise.withResolvers();
      const isComplete = await this.#learn(view);
      await Promise.race([this.#changes.promise, ...(isComplete ? [] : [this.#pause()])]);
    }
    view.close();
  }

  /** Tries until there is a connection and a catalog; says so once. */
  async #open(): Promise<CatalogView | undefined> {
    let isReported = false;
    while (!this.#stopping.signal.aborted) {
      try {
        this.#connection ??= await this.#connect();
        return await watchCatalog(this.#connection, this.#logger);
      } catch (error) {
        if (!isReported) reportCatalogUnavailable(this.#logger, error);
        isReported = true;
        await this.#pause();
      }
    }
    await this.#connection?.close();
    return undefined;
  }

  async #connect(): Promise<NatsConnection> {
    const connection = await connectNats({
      servers: this.#settings.NATS_URL,
      user: this.#settings.NATS_USER,
      password: this.#settings.NATS_PASSWORD,
      name: 'authorization-server',
      inboxPrefix: inboxPrefix({ role: 'authorization-server' }),
      logger: this.#logger,
    });
    this.#onConnected?.(connection);
    return connection;
  }

  /** @returns false when something could not be written and is to be tried again. */
  async #learn(view: CatalogView): Promise<boolean> {
    for (const { tenant, name, versions } of view.servers()) {
      const [newest] = versions;
      if (tenant !== defaultTenant || !newest || this.#learnt.get(name) === newest.digest) continue;
      try {
        const scopes = await learnServer(this.#dataSource, newest.definitions);
        this.#learnt.set(name, newest.digest);
        if (scopes.length > 0) reportLearntServer(this.#logger, { server: name, scopes });
      } catch (error) {
        if (!this.#stopping.signal.aborted) reportCatalogUnavailable(this.#logger, error);
        return false;
      }
    }
    return true;
  }

  #pause(): Promise<void> {
    return delay(retryIntervalMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
