import type { ServerDefinitions } from '@gatehouse/protocol';
import type { CatalogKey } from './catalog-bucket.ts';
import { claimEntry, maxDefinitionsBytes } from './catalog-bucket.ts';
import { definitionsDigest } from './definitions-digest.ts';
import { findFaults } from './parse-definitions.ts';
import { subjectToken } from './subjects.ts';

/** One set of definitions of a server. */
export interface DefinitionsVersion {
  digest: string;
  definitions: ServerDefinitions;
  /** Where its first announcement stands in the order of all announcements; later ones are greater. */
  announcedAt: number;
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

/** More sets of one server than any rollout has; the oldest are ignored, or one worker could fill every gateway. */
const maxVersions = 16;

interface ServerEntries {
  tenant: string;
  name: string;
  claimedAt: number | undefined;
  versions: Map<string, DefinitionsVersion>;
}

/** The catalog's content in memory, built from the bucket's entries one by one. */
export class CatalogEntries {
  readonly #servers = new Map<string, ServerEntries>();

  /** Every server with definitions, ordered by tenant and name. */
  servers(): AnnouncedServer[] {
    return [...this.#servers.values()]
      .filter((entries) => entries.versions.size > 0)
      .map(({ tenant, name, claimedAt, versions }) => {
        const newestFirst = [...versions.values()].sort((a, b) => b.announcedAt - a.announcedAt).slice(0, maxVersions);
        return { tenant, name, claimedAt: claimedAt ?? newestFirst.at(-1)?.announcedAt ?? 0, versions: newestFirst };
      })
      .sort((a, b) => compare(a.tenant, b.tenant) || compare(a.name, b.name));
  }

  remove(key: CatalogKey): void {
    const entries = this.#servers.get(serverKey(key));
    if (!entries) return;
    if (key.entry === claimEntry) entries.claimedAt = undefined;
    else entries.versions.delete(key.entry);
    if (entries.versions.size === 0 && entries.claimedAt === undefined) this.#servers.delete(serverKey(key));
  }

  /** Takes an entry in; returns why it is dropped, or undefined when it is not. */
  put(key: CatalogKey, data: Uint8Array, revision: number): string | undefined {
    const content = parseContent(data);
    if (typeof content === 'string') return content;
    const { tenant, firstRevision, server, definitions } = content;
    const name = key.entry === claimEntry ? server : (definitions as Partial<ServerDefinitions> | undefined)?.server;
    if (typeof tenant !== 'string' || typeof name !== 'string') return 'it names no tenant or server';
    if (subjectToken(tenant) !== key.tenant || subjectToken(name) !== key.server) {
      return 'key and content disagree about tenant or server';
    }
    // An entry may keep its place in the order when it is written again; it cannot take a later place than its own.
    const announcedAt = isRevision(firstRevision) ? Math.min(firstRevision, revision) : revision;
    if (key.entry === claimEntry) {
      this.#entriesOf(key, tenant, name).claimedAt = announcedAt;
      return undefined;
    }
    return this.#putDefinitions(key, { tenant, name }, definitions, announcedAt);
  }

  #putDefinitions(
    key: CatalogKey,
    owner: { tenant: string; name: string },
    definitions: unknown,
    announcedAt: number,
  ): string | undefined {
    const [fault] = findFaults(definitions);
    if (fault !== undefined) return fault;
    const checked = definitions as ServerDefinitions;
    const digest = definitionsDigest(checked);
    if (digest !== key.entry) return 'key and content disagree about the digest';
    this.#entriesOf(key, owner.tenant, owner.name).versions.set(digest, { digest, definitions: checked, announcedAt });
    return undefined;
  }

  #entriesOf(key: CatalogKey, tenant: string, name: string): ServerEntries {
    let entries = this.#servers.get(serverKey(key));
    if (!entries) {
      entries = { tenant, name, claimedAt: undefined, versions: new Map() };
      this.#servers.set(serverKey(key), entries);
    }
    return entries;
  }
}

function parseContent(data: Uint8Array): Record<string, unknown> | string {
  if (data.length > maxDefinitionsBytes) return 'it is too large';
  try {
    const content: unknown = JSON.parse(Buffer.from(data).toString());
    return typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : 'it is no object';
  } catch {
    return 'it is not JSON';
  }
}

function isRevision(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}

function serverKey({ tenant, server }: CatalogKey): string {
  return `${tenant}.${server}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
