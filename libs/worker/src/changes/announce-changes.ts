import type { CallHandler, CallServer, NatsConnection } from '@gatehouse/messaging';
import { Coalescer, publishResourceUpdates } from '@gatehouse/messaging';
import type { ServerDefinitions } from '@gatehouse/protocol';
import type { Logger } from '@gatehouse/runtime';
import { offersNotAnnounced } from '../events.ts';
import type { PreparedServer } from '../server/prepared-server.ts';

const updatesTiming = { delayMs: 5, intervalMs: 100 };
/** Every announcement is stored, and makes every gateway compare its lists. */
const offersTiming = { delayMs: 20, intervalMs: 300 };

/** What the announcements of one process need. */
interface AnnouncementOptions {
  connection: NatsConnection;
  callServer: CallServer;
  tenant: string;
  logger: Logger;
}

/** Definitions as they are now: what a server offers may change while they are on their way. */
export function snapshot(definitions: ServerDefinitions): ServerDefinitions {
  return {
    ...definitions,
    tools: [...definitions.tools],
    prompts: [...definitions.prompts],
    resources: [...definitions.resources],
    resourceTemplates: [...definitions.resourceTemplates],
  };
}

/** Tells the gateways what one server says through its `ServerChanges`. */
export class AnnouncedChanges {
  readonly #server: PreparedServer;
  readonly #handler: CallHandler;
  readonly #options: AnnouncementOptions;
  readonly #updated: Coalescer<string>;
  readonly #offers: Coalescer<'changed'>;
  #replacing: Promise<void> = Promise.resolve();

  constructor(server: PreparedServer, handler: CallHandler, options: AnnouncementOptions) {
    this.#server = server;
    this.#handler = handler;
    this.#options = options;
    this.#updated = new Coalescer(updatesTiming, (uris) => this.#publish([...uris]));
    this.#offers = new Coalescer(offersTiming, () => {
      this.#replacing = this.#replacing.then(() => this.#replace());
    });
    server.changes.follow({
      resourceUpdated: (uri) => this.#updated.add(uri),
      offersChanged: () => this.#offers.add('changed'),
    });
  }

  /** The connection was lost, and with it maybe what was said last. */
  announceAll(): void {
    this.#publish('any');
  }

  /** Says what is still to be said of resources; the lists end with the worker. */
  close(): void {
    this.#offers.close();
    this.#updated.flush();
    this.#updated.close();
  }

  #publish(uris: string[] | 'any'): void {
    const { connection, tenant } = this.#options;
    publishResourceUpdates(connection, { tenant, server: this.#server.definitions.server, uris });
  }

  async #replace(): Promise<void> {
    try {
      const definitions = snapshot(this.#server.definitions);
      await this.#options.callServer.replace({ definitions, handler: this.#handler });
    } catch (error) {
      offersNotAnnounced(this.#options.logger, this.#server.definitions.server, error);
    }
  }
}
