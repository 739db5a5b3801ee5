import type { ServerDefinitions } from '@gatehouse/protocol';
import type { CatalogKey } from './catalog-bucket.ts';
import { maxEntryBytes } from './catalog-bucket.ts';
import { definitionsDigest } from './definitions-digest.ts';
import { findFaults } from './parse-definitions.ts';
import { subjectToken } from './subjects.ts';

/** An entry of the catalog, and what a worker announces (then without revisions). */
export interface CatalogEntry {
  tenant: string;
  definitions: ServerDefinitions;
  /** Revision at which these definitions were first stored; absent in that first entry itself. */
  firstRevision?: number;
  /** Revision at which the server was first stored; absent in its first entry. */
  claimRevision?: number;
  /** In an announcement: digest of the set that its worker offers until this one is stored. */
  replaces?: string;
}

/** Reads an entry or an announcement. Returns why it is refused when it breaks the rules or disagrees with its key. */
export function parseCatalogEntry(key: CatalogKey, data: Uint8Array): CatalogEntry | string {
  const content = parseContent(data);
  if (typeof content === 'string') return content;
  const { tenant, definitions, firstRevision, claimRevision, replaces } = content;
  const [fault] = findFaults(definitions);
  if (fault !== undefined) return fault;
  const checked = definitions as ServerDefinitions;
  if (typeof tenant !== 'string' || subjectToken(tenant) !== key.tenant)
    return 'key and content disagree on the tenant';
  if (subjectToken(checked.server) !== key.server) return 'key and content disagree on the server';
  if (definitionsDigest(checked) !== key.digest) return 'key and content disagree on the digest';
  return {
    tenant,
    definitions: checked,
    ...(isRevision(firstRevision) ? { firstRevision } : {}),
    ...(isRevision(claimRevision) ? { claimRevision } : {}),
    ...(typeof replaces === 'string' ? { replaces } : {}),
  };
}

function parseContent(data: Uint8Array): Record<string, unknown> | string {
  if (data.length > maxEntryBytes) return 'it is too large';
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
