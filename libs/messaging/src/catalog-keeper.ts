import type { Logger } from '@gatehouse/runtime';
import type { JetStreamManager } from '@nats-io/jetstream';
import { JetStreamApiCodes, JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection, Subscription } from '@nats-io/nats-core';
import type { AnnouncementAnswer } from './announce.ts';
import type { CatalogKey } from './catalog-bucket.ts';
import { catalogStream, catalogSubject, definitionsMaxAgeMs } from './catalog-bucket.ts';
import type { AnnouncedServer } from './catalog-entries.ts';
import type { CatalogEntry } from './catalog-entry.ts';
import { parseCatalogEntry } from './catalog-entry.ts';
import { logAnnouncementDropped, logAnnouncementNotStored } from './events.ts';
import { anyToken, keyOfAnnouncement, subjects, subjectToken } from './subjects.ts';
import { subscribe } from './subscribe.ts';

/** Entries are written again when they have used up a third of their life. */
const refreshAfterMs = definitionsMaxAgeMs / 3;

/** More sets of one server than any rollout has; a new one takes the place of the oldest. */
const maxVersions = 16;

/**
 * Stores what workers announce. Everybody who watches the catalog keeps it, one of them takes each announcement. The
 * answer goes to a subject of its own and never to one that the worker names.
 */
export function keepCatalog(
  connection: NatsConnection,
  servers: () => readonly AnnouncedServer[],
  logger: Logger,
): Subscription {
  const anyAnnouncement = subjects.announce({ tenant: anyToken, server: anyToken, digest: anyToken });
  return subscribe(connection, anyAnnouncement, logger, (message) => void take(message), { queue: 'keepers' });

  /** Without an answer the worker announces again, maybe to another keeper. */
  async function take(message: Msg): Promise<void> {
    const key = keyOfAnnouncement(message.subject);
    if (!key) return;
    const entry = parseCatalogEntry(key, message.data);
    try {
      if (typeof entry === 'string') {
        logAnnouncementDropped(logger, { key: message.subject, reason: entry });
        answer(key, { refused: entry });
      } else if (await store(key, entry)) answer(key, { stored: true });
    } catch (error) {
      logAnnouncementNotStored(logger, { err: error, key: message.subject });
    }
  }

  function answer(key: CatalogKey, content: AnnouncementAnswer): void {
    connection.publish(subjects.announced(key), JSON.stringify(content));
  }

  /** False when another keeper was faster. */
  async function store(key: CatalogKey, { tenant, definitions, replaces }: CatalogEntry): Promise<boolean> {
    const jetstream = await jetstreamManager(connection, { checkAPI: false });
    const stored = await jetstream.streams.getMessage(catalogStream, { last_by_subj: catalogSubject(key) });
    const known = stored ? parseCatalogEntry(key, stored.data) : 'not stored';
    const server = servers().find((one) => one.tenant === tenant && one.name === definitions.server);
    const entry: CatalogEntry = { tenant, definitions };
    if (server) entry.claimRevision = server.claimedAt;
    if (stored && typeof known !== 'string') {
      if (Date.now() - stored.time.getTime() < refreshAfterMs) return true;
      entry.firstRevision = known.firstRevision ?? stored.seq;
      entry.claimRevision = known.claimRevision ?? entry.firstRevision;
    } else if (server) await makeRoom(jetstream, server, replaces);
    return write(jetstream, key, JSON.stringify(entry), stored?.seq ?? 0);
  }

  /** The oldest sets go, but not the one that is in use until the new one is stored. */
  async function makeRoom(
    jetstream: JetStreamManager,
    { tenant, name, versions }: AnnouncedServer,
    inUse: string | undefined,
  ): Promise<void> {
    for (const { digest } of versions.filter((version) => version.digest !== inUse).slice(maxVersions - 1)) {
      const key = { tenant: subjectToken(tenant), server: subjectToken(name), digest: subjectToken(digest) };
      await jetstream.jetstream().publish(catalogSubject(key), '');
    }
  }
}

async function write(
  jetstream: JetStreamManager,
  key: CatalogKey,
  content: string,
  lastRevision: number,
): Promise<boolean> {
  try {
    const expect = { lastSubjectSequence: lastRevision };
    await jetstream.jetstream().publish(catalogSubject(key), content, { expect });
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence) return false;
    throw error;
  }
}
