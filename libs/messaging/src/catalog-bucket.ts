import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import { DiscardPolicy, JetStreamApiCodes, JetStreamApiError, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { nanos } from '@nats-io/nats-core';
import type { SubjectToken } from './subjects.ts';

/** The stream behind the key-value bucket `gh_catalog`. */
export const catalogStream = 'KV_gh_catalog';

/** The largest entry: one server's definitions as JSON. With its headers it fits NATS's default `max_payload`. */
export const maxEntryBytes = 1024 * 1024 - 16 * 1024;

/** Definitions that no worker has refreshed for this long are forgotten. */
export const definitionsMaxAgeMs = 24 * 60 * 60 * 1000;

/** Which definitions an entry of the catalog holds. */
export interface CatalogKey {
  tenant: SubjectToken;
  server: SubjectToken;
  digest: SubjectToken;
}

/** The NATS subject of an entry (a key of NATS's key-value store is the subject's tail). */
export function catalogSubject(key: CatalogKey): string {
  return `$KV.gh_catalog.${key.tenant}.${key.server}.${key.digest}`;
}

/** Reads the key back from an entry's subject; undefined when it has another shape. */
export function parseCatalogSubject(natsSubject: string): CatalogKey | undefined {
  const [kv, bucket, tenant, server, digest, ...rest] = natsSubject.split('.');
  if (kv !== '$KV' || bucket !== 'gh_catalog' || !tenant || !server || !digest || rest.length > 0) return undefined;
  return { tenant: tenant as SubjectToken, server: server as SubjectToken, digest: digest as SubjectToken };
}

/** Creates the bucket unless it exists. */
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
  max_msg_size: maxEntryBytes,
  max_bytes: 64 * 1024 * 1024,
  max_age: nanos(definitionsMaxAgeMs),
  // A keeper must read what the last one wrote, and no message may touch other entries than its own.
  allow_direct: false,
  allow_rollup_hdrs: false,
  num_replicas: 1,
};
