import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import { DiscardPolicy, JetStreamApiCodes, JetStreamApiError, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { nanos } from '@nats-io/nats-core';
import type { SubjectToken } from './subjects.ts';

/** The stream behind the key-value bucket `gh_catalog`. */
export const catalogStream = 'KV_gh_catalog';

/** The largest entry: one server's definitions as JSON. */
export const maxDefinitionsBytes = 1024 * 1024;

/** Definitions that no worker has refreshed for this long are forgotten. */
export const definitionsMaxAgeMs = 24 * 60 * 60 * 1000;

/** The third token of a key: a definitions digest, or `claim` for the entry that dates the server's first announcement. */
export type CatalogKey = { tenant: SubjectToken; server: SubjectToken; entry: SubjectToken };

export const claimEntry = 'claim' as SubjectToken;

/** The NATS subject of an entry (a NATS key-value key is the subject's tail). */
export function catalogSubject(key: CatalogKey): string {
  return `$KV.gh_catalog.${key.tenant}.${key.server}.${key.entry}`;
}

/** Reads the key back from an entry's subject; undefined when it has another shape. */
export function parseCatalogSubject(natsSubject: string): CatalogKey | undefined {
  const [kv, bucket, tenant, server, entry, ...rest] = natsSubject.split('.');
  if (kv !== '$KV' || bucket !== 'gh_catalog' || !tenant || !server || !entry || rest.length > 0) return undefined;
  return { tenant: tenant as SubjectToken, server: server as SubjectToken, entry: entry as SubjectToken };
}

/**
 * Creates the bucket unless it exists. A worker may write its own keys only, and nothing that it writes may touch
 * other keys: so no roll-ups, which a header on any message would turn into a purge of the whole stream, and no markers
 * of expiry, for which nats-server would switch roll-ups on.
 */
export async function ensureCatalogBucket(jetstream: JetStreamManager): Promise<void> {
  try {
    await jetstream.streams.info(catalogStream);
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)) throw error;
    await jetstream.streams.add(catalogBucketConfig);
  }
}

const catalogBucketConfig: Partial<StreamConfig> & { name: string } = {
  name: catalogStream,
  subjects: ['$KV.gh_catalog.>'],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  discard: DiscardPolicy.New,
  max_msgs_per_subject: 1,
  max_msg_size: maxDefinitionsBytes,
  max_bytes: 64 * maxDefinitionsBytes,
  max_age: nanos(definitionsMaxAgeMs),
  allow_direct: true,
  allow_rollup_hdrs: false,
  deny_delete: false,
  deny_purge: false,
  num_replicas: 1,
};
