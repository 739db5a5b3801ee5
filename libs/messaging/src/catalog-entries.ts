import type { ServerDefinitions } from '@gatehouse/protocol';
import type { CatalogKey } from './catalog-bucket.ts';
import { parseCatalogEntry } from './catalog-entry.ts';

/** One set of definitions of a server. */
export interface DefinitionsVersion {
  digest: string;
  definitions: ServerDefinitions;
  /** Where its first announcement stands in the order of all announcements; later ones are greater. */
  announcedAt: number;
  /** What its entry takes up in the catalog. */
  bytes: number;
}

/** A server as the catalog knows it, whether or not an instance runs. */
export interface AnnouncedServer {
  tenant: string;
  name: string;
  /** Where the server's first announcement stands in the order of all announcements. */
  claimedAt: number;
  /** Newest first; never empty. */
  versions: DefinitionsVersion[];
}

interface StoredVersion extends DefinitionsVersion {
  tenant: string;
  claimedAt: number;
}

/** The catalog's content in memory, built from the bucket's entries one by one. */
export class CatalogEntries {
  readonly #servers = new Map<string, Map<string, StoredVersion>>();

  /** Every server, ordered by tenant and name. */
  servers(): AnnouncedServer[] {
    return [...this.#servers.values()]
      .map((versions) => describeServer([...versions.values()]))
      .filter((server) => server !== undefined)
      .sort((a, b) => compare(a.tenant, b.tenant) || compare(a.name, b.name));
  }

  remove(key: CatalogKey): void {
    const versions = this.#servers.get(serverKey(key));
    versions?.delete(key.digest);
    if (versions?.size === 0) this.#servers.delete(serverKey(key));
  }

  /** Takes an entry in; returns why it is dropped, or undefined when it is not. */
  put(key: CatalogKey, data: Uint8Array, revision: number): string | undefined {
    const entry = parseCatalogEntry(key, data);
    if (typeof entry === 'string') return entry;
    const { tenant, definitions, firstRevision, claimRevision } = entry;
    const versions = this.#servers.get(serverKey(key)) ?? new Map<string, StoredVersion>();
    this.#servers.set(serverKey(key), versions);
    // An entry keeps its place in the order when it is written again; no entry has a later place than its own.
    const announcedAt = Math.min(firstRevision ?? revision, revision);
    const claimedAt = Math.min(claimRevision ?? announcedAt, announcedAt);
    versions.set(key.digest, { digest: key.digest, tenant, definitions, announcedAt, claimedAt, bytes: data.length });
    return undefined;
  }
}

function describeServer(stored: StoredVersion[]): AnnouncedServer | undefined {
  const [first] = stored;
  if (!first) return undefined;
  const versions = stored
    .map(({ digest, definitions, announcedAt, bytes }) => ({ digest, definitions, announcedAt, bytes }))
    .sort((a, b) => b.announcedAt - a.announcedAt);
  const claimedAt = Math.min(...stored.map((version) => version.claimedAt));
  return { tenant: first.tenant, name: first.definitions.server, claimedAt, versions };
}

function serverKey({ tenant, server }: CatalogKey): string {
  return `${tenant}.${server}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
