import { setTimeout as delay } from 'node:timers/promises';
import { listenToChannel } from '@gatehouse/database';
import { IssuerPublisher } from '@gatehouse/messaging';
import type { NatsConnection } from '@gatehouse/messaging';
import type { Logger } from '@gatehouse/runtime';
import type { DataSource } from 'typeorm';
import { reportToldAll, reportUntoldGateways } from '../events.ts';
import { publishUnpublished, readLiveRevocations } from './outbox.ts';
import { outboxChannel } from './revoke.ts';

/** For a commit whose notification was lost. */
const pollIntervalMs = 250;

/** How often somebody looks whether NATS still has everything. */
const epochCheckIntervalMs = 1_000;

const retryIntervalMs = 1_000;

/** How long a stop waits for what was revoked just before. */
const lastWordsMs = 1_000;

interface OutboxPublisherOptions {
  dataSource: DataSource;
  databaseUrl: string;
  issuer: string;
  /** The public keys as the database has them. */
  readKeySet: () => Promise<{ keys: object[] }>;
  logger: Logger;
}

/**
 * Tells gateways what the database says: revocations as soon as they are committed, keys when they change, and everything at the
 * start, after NATS was away, and when NATS has lost it. Every replica has one; which of them tells is of no consequence.
 */
export class OutboxPublisher {
  readonly #options: OutboxPublisherOptions;
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #woken = Promise.withResolvers<void>();
  #isAllDue = true;
  #areKeysDue = false;
  #epochSeenAt = 0;
  #isFailing = false;

  constructor(options: OutboxPublisherOptions) {
    this.#options = options;
  }

  /** Begins, with a connection that outlasts it. */
  publishOn(connection: NatsConnection): void {
    if (this.#stopping.signal.aborted) return;
    const publisher = new IssuerPublisher(connection, this.#options.issuer);
    const { databaseUrl, logger } = this.#options;
    const listening = listenToChannel({
      url: databaseUrl,
      channel: outboxChannel,
      applicationName: 'gatehouse-authorization-server-outbox',
      onNotify: () => this.#woken.resolve(),
      logger,
    });
    void this.#heedReconnections(connection);
    this.#running = this.#run(publisher, listening);
  }

  /** The signing keys have changed. */
  tellKeys(): void {
    this.#areKeysDue = true;
    this.#woken.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#woken.resolve();
    await this.#running;
  }

  async #run(publisher: IssuerPublisher, listening: { close(): Promise<void> }): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#woken = Promise.withResolvers();
      const isDone = await this.#tell(publisher);
      await Promise.race([this.#woken.promise, this.#pause(isDone ? pollIntervalMs : retryIntervalMs)]);
    }
    await Promise.race([this.#tell(publisher), delay(lastWordsMs, undefined, { ref: false })]);
    await listening.close();
  }

  /** @returns false when something was not told and is to be told again. */
  async #tell(publisher: IssuerPublisher): Promise<boolean> {
    try {
      if (this.#isAllDue || !(await this.#isEpochThere(publisher))) await this.#tellAll(publisher);
      if (this.#areKeysDue) await this.#tellKeys(publisher);
      const publish = publisher.publishRevocations.bind(publisher);
      let hasMore = true;
      while (hasMore) hasMore = await publishUnpublished(this.#options.dataSource, publish);
      this.#isFailing = false;
      return true;
    } catch (error) {
      if (!this.#isFailing && !this.#stopping.signal.aborted) reportUntoldGateways(this.#options.logger, error);
      this.#isFailing = true;
      return false;
    }
  }

  async #tellAll(publisher: IssuerPublisher): Promise<void> {
    // First, for NATS may be lost again before everything is told.
    this.#isAllDue = false;
    try {
      const { dataSource, readKeySet, logger } = this.#options;
      const revocations = await readLiveRevocations(dataSource.manager);
      await publisher.publishAll({ keySet: await readKeySet(), revocations });
      this.#epochSeenAt = performance.now();
      reportToldAll(logger, { revocations: revocations.length });
    } catch (error) {
      this.#isAllDue = true;
      throw error;
    }
  }

  async #tellKeys(publisher: IssuerPublisher): Promise<void> {
    this.#areKeysDue = false;
    try {
      await publisher.publishKeySet(await this.#options.readKeySet());
    } catch (error) {
      this.#areKeysDue = true;
      throw error;
    }
  }

  async #isEpochThere(publisher: IssuerPublisher): Promise<boolean> {
    if (performance.now() - this.#epochSeenAt < epochCheckIntervalMs) return true;
    const isThere = await publisher.hasEpoch();
    if (isThere) this.#epochSeenAt = performance.now();
    return isThere;
  }

  /** NATS may have come back with less than it had. */
  async #heedReconnections(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type !== 'reconnect') continue;
      this.#isAllDue = true;
      this.#woken.resolve();
    }
  }

  #pause(durationMs: number): Promise<void> {
    return delay(durationMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
