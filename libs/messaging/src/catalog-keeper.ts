import type { Logger } from '@gatehouse/runtime';
import type { JetStreamManager } from '@nats-io/jetstream';
import { JetStreamApiCodes, JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection, Subscription } from '@nats-io/nats-core';
import type { AnnouncementAnswer } from './announce.ts';
import type { CatalogKey } from './catalog-bucket.ts';
import { catalogStream, catalogSubject, definitionsMaxAgeMs } from './catalog-bucket.ts';
import type { AnnouncedServer, DefinitionsVersion } from './catalog-entries.ts';
import type { CatalogEntry } from './catalog-entry.ts';
import { parseCatalogEntry } from './catalog-entry.ts';
import type { CatalogView } from './catalog-view.ts';
import { logAnnouncementDropped, logAnnouncementNotStored } from './events.ts';
import { ServerTurns } from './server-turns.ts';
import { anyToken, keyOfAnnouncement, subjects, subjectToken } from './subjects.ts';
import { subscribe } from './subscribe.ts';

/** Entries are written again when they have used up a third of their life. */
const refreshAfterMs = definitionsMaxAgeMs / 3;

/** More sets of one server than any rollout has; a new one takes the place of the oldest. */
const maxVersions = 16;

/** What the sets of one server may take up together, a sixteenth of the catalog; beyond it too the oldest go. */
const maxServerBytes = 4 * 1024 * 1024;

/** As many instances of a server may announce at the same time; others announce again. */
const maxWaitingPerServer = 16;

/** How long an entry is waited for that was stored. */
const listedWithinMs = 1_000;

/**
 * Stores what workers announce. Everybody who watches the catalog keeps it, one of them takes each announcement. The
 * answer goes to a subject of its own and never to one that the worker names.
 */
export function keepCatalog(
  connection: NatsConnection,
  view: Pick<CatalogView, 'servers' | 'onChange'>,
  logger: Logger,
): Subscription {
  const anyAnnouncement = subjects.announce({ tenant: anyToken, server: anyToken, digest: anyToken });
  const turns = new ServerTurns(maxWaitingPerServer);
  const listeners = new Set<() => void>();
  view.onChange(() => {
    for (const listener of listeners) listener();
  });
  const receive = (message: Msg) => {
    const key = keyOfAnnouncement(message.subject);
    if (key) turns.take(`${key.tenant}.${key.server}`, () => take(key, message));
  };
  return subscribe(connection, anyAnnouncement, logger, receive, { queue: 'keepers' });

  /** Without an answer the worker announces again, maybe to another keeper. */
  async function take(key: CatalogKey, message: Msg): Promise<void> {
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
    const server = view.servers().find((one) => one.tenant === tenant && one.name === definitions.server);
    const entry: CatalogEntry = { tenant, definitions };
    if (server) entry.claimRevision = server.claimedAt;
    if (stored && typeof known !== 'string') {
      if (Date.now() - stored.time.getTime() < refreshAfterMs) return true;
      entry.firstRevision = known.firstRevision ?? stored.seq;
      entry.claimRevision = known.claimRevision ?? entry.firstRevision;
    }
    const content = JSON.stringify(entry);
    if (server && typeof known === 'string') await makeRoom(jetstream, server, { content, replaces });
    const isStored = await write(jetstream, key, content, stored?.seq ?? 0);
    if (isStored) await untilListed(tenant, key);
    return isStored;
  }

  /** The next announcement of this server has to find this one in its place. */
  async function untilListed(tenant: string, { digest }: CatalogKey): Promise<void> {
    const listed = Promise.withResolvers<void>();
    const listener = () => {
      const versions = view.servers().flatMap((server) => (server.tenant === tenant ? server.versions : []));
      if (versions.some((version) => version.digest === digest)) listed.resolve();
    };
    listeners.add(listener);
    listener();
    const overdue = setTimeout(listed.resolve, listedWithinMs);
    await listed.promise;
    clearTimeout(overdue);
    listeners.delete(listener);
  }

  /** The oldest sets go, but not the one that is in use until the new one is stored. */
  async function makeRoom(
    jetstream: JetStreamManager,
    { tenant, name, versions }: AnnouncedServer,
    { content, replaces: inUse }: { content: string; replaces: string | undefined },
  ): Promise<void> {
    for (const { digest } of outdated(versions, { bytes: Buffer.byteLength(content), inUse })) {
      const key = { tenant: subjectToken(tenant), server: subjectToken(name), digest: subjectToken(digest) };
      await jetstream.jetstream().publish(catalogSubject(key), '');
    }
  }
}

/** What does not fit beside a new set of so many bytes; `versions` are the newest first. */
function outdated(
  versions: readonly DefinitionsVersion[],
  { bytes, inUse }: { bytes: number; inUse: string | undefined },
): DefinitionsVersion[] {
  const others = versions.filter(({ digest }) => digest !== inUse);
  let room = maxServerBytes - bytes - (versions.find(({ digest }) => digest === inUse)?.bytes ?? 0);
  return others.filter((version, index) => {
    room -= version.bytes;
    return index >= maxVersions - 1 || room < 0;
  });
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
