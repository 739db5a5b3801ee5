import type { NatsConnection, ResourceUpdates } from '@gatehouse/messaging';
import { BusMonitor, Coalescer, watchResourceUpdates } from '@gatehouse/messaging';
import type { Logger } from '@gatehouse/runtime';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import { Catalog } from '../catalog/catalog.ts';
import type { CatalogEndpoint } from '../catalog/resolution.ts';
import { LOGGER, NATS_CONNECTION } from '../injection-tokens.ts';
import { Notification } from './notification.ts';
import { Subscriptions } from './subscriptions.ts';
import { readTopic, resourceGroup, resourceGroups, topicName } from './topic.ts';

/** A resource that changes all the time is announced four times a second. */
const timing = { delayMs: 10, intervalMs: 250 };

/** Carries updates of resources from the workers that own them to the streams that asked for them. */
@Injectable()
export class ResourceChanges implements OnApplicationShutdown {
  readonly #catalog: Catalog;
  readonly #subscriptions: Subscriptions;
  /** Names of topics. */
  readonly #changed = new Coalescer<string>(timing, (names) => {
    for (const name of names) this.#announce(name);
  });

  constructor(
    @Inject(NATS_CONNECTION) connection: NatsConnection,
    @Inject(LOGGER) logger: Logger,
    bus: BusMonitor,
    catalog: Catalog,
    subscriptions: Subscriptions,
  ) {
    this.#catalog = catalog;
    this.#subscriptions = subscriptions;
    watchResourceUpdates(connection, logger, (updates) => this.#receive(updates));
    bus.onRecovered(() => this.#announceAll());
  }

  onApplicationShutdown(): void {
    this.#changed.close();
  }

  /** A worker speaks for what its server owns at an endpoint, and for nothing else. */
  #receive({ tenant, server, uris }: ResourceUpdates): void {
    const endpoints: CatalogEndpoint[] = [{ kind: 'aggregate' }, { kind: 'server', server }];
    for (const endpoint of endpoints) {
      const group = resourceGroup(tenant, endpoint, server);
      for (const uri of uris === 'any' ? this.#subscriptions.index.keys(group) : uris) {
        const topic = { group, key: uri };
        if (!this.#subscriptions.index.has(topic)) continue;
        if (this.#catalog.resolveResource(tenant, endpoint, uri)?.server === server)
          this.#changed.add(topicName(topic));
      }
    }
  }

  /** After an outage nobody knows what was said meanwhile: each listener looks again (design: bus health). */
  #announceAll(): void {
    for (const group of this.#subscriptions.index.groups().filter((name) => name.startsWith(resourceGroups))) {
      for (const key of this.#subscriptions.index.keys(group)) this.#changed.add(topicName({ group, key }));
    }
  }

  #announce(name: string): void {
    const topic = readTopic(name);
    this.#subscriptions.broadcast(topic, new Notification('notifications/resources/updated', { uri: topic.key }));
  }
}
