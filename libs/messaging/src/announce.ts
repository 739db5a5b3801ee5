import { setTimeout as delay } from 'node:timers/promises';
import type { ServerDefinitions } from '@gatehouse/protocol';
import type { Logger } from '@gatehouse/runtime';
import { StartError } from '@gatehouse/runtime';
import type { JetStreamClient, StoredMsg } from '@nats-io/jetstream';
import { jetstream, JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { errors } from '@nats-io/nats-core';
import type { CatalogKey } from './catalog-bucket.ts';
import { catalogStream, catalogSubject, claimEntry, definitionsMaxAgeMs } from './catalog-bucket.ts';
import { logWaitingForCatalog } from './events.ts';
import type { SubjectToken } from './subjects.ts';
import { subjectToken } from './subjects.ts';

/** Entries are written again when they have used up a third of their life. */
const refreshAfterMs = definitionsMaxAgeMs / 3;

const retryIntervalMs = 500;

/**
 * Stores a server's definitions under their digest, and the claim that dates the server's first announcement. What is
 * there already stays as it is, unless it would expire soon; its place in the order of announcements never changes, or
 * an old instance that restarts would become the newest. Retries until NATS has stored it.
 * @throws StartError when NATS denies this identity the server.
 */
export async function announceDefinitions(
  connection: NatsConnection,
  offer: { tenant: string; digest: string; definitions: ServerDefinitions },
  logger: Logger,
): Promise<void> {
  const server = offer.definitions.server;
  const key = { tenant: subjectToken(offer.tenant), server: subjectToken(server) };
  const entries: [CatalogKey, object][] = [
    [
      { ...key, entry: claimEntry },
      { tenant: offer.tenant, server },
    ],
    [
      { ...key, entry: offer.digest as SubjectToken },
      { tenant: offer.tenant, definitions: offer.definitions },
    ],
  ];
  const client = jetstream(connection);
  for (const [entryKey, content] of entries) {
    for (let attempt = 0; !(await tryToStore(client, entryKey, content)); attempt++) {
      if (connection.isClosed()) return;
      if (attempt === 10) logWaitingForCatalog(logger, { server });
      await delay(retryIntervalMs);
    }
  }
}

/** False when it should be tried again: no bucket yet, no answer, or another instance was faster. */
async function tryToStore(client: JetStreamClient, key: CatalogKey, content: object): Promise<boolean> {
  const natsSubject = catalogSubject(key);
  try {
    const jetstreamManager = await client.jetstreamManager(false);
    const stored = await jetstreamManager.direct.getMessage(catalogStream, { last_by_subj: natsSubject });
    const first = stored && firstRevisionOf(stored);
    if (first && Date.now() - stored.time.getTime() < refreshAfterMs) return true;
    await client.publish(natsSubject, JSON.stringify({ ...content, ...(first ? { firstRevision: first } : {}) }), {
      expect: { lastSubjectSequence: stored?.seq ?? 0 },
    });
    return true;
  } catch (error) {
    if (error instanceof errors.PermissionViolationError) {
      throw new StartError(
        `NATS denies this worker the server ${key.server} of tenant ${key.tenant}: check NATS_USER and its permissions.`,
        { cause: error },
      );
    }
    if (isFatal(error)) throw error;
    return false;
  }
}

/** The revision at which an entry was first stored; undefined for a deleted or unreadable entry. */
function firstRevisionOf(stored: StoredMsg): number | undefined {
  if (stored.data.length === 0) return undefined;
  try {
    const { firstRevision } = stored.json<{ firstRevision: unknown }>();
    return typeof firstRevision === 'number' ? firstRevision : stored.seq;
  } catch {
    return undefined;
  }
}

function isFatal(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code !== JetStreamApiCodes.StreamWrongLastSequence;
}
