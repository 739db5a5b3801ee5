import type { EntityManager } from 'typeorm';
import { defaultTenant } from '../config.ts';

/** Which rows of the audit log are asked for; what is undefined does not matter. */
export interface AuditFilter {
  /** Exact types, and all of a noun as `<noun>.*`. */
  types: string[] | undefined;
  outcome: 'success' | 'failure' | undefined;
  actor: string | undefined;
  onBehalfOf: string | undefined;
  oauthClientId: string | undefined;
  address: string | undefined;
  reason: string | undefined;
  traceId: string | undefined;
  since: Date | undefined;
  until: Date | undefined;
  /** The newest so many. */
  limit: number;
}

/** A row of the audit log as a program gets it. */
export interface AuditRecord {
  id: string;
  /** ISO 8601, UTC. */
  time: string;
  tenant: string;
  type: string;
  outcome: 'success' | 'failure';
  actor: string | null;
  onBehalfOf: string | null;
  clientId: string | null;
  address: string | null;
  reason: string | null;
  traceId: string | null;
  details: Record<string, unknown> | null;
}

/** The newest rows that match, in the order in which they were written. */
export async function readAuditRows(manager: EntityManager, filter: AuditFilter): Promise<AuditRecord[]> {
  const patterns = filter.types?.map((type) => type.replaceAll(/[\\%_]/g, String.raw`\$&`).replace(/\*$/, '%'));
  const conditions: [condition: string, value: unknown][] = [
    ['type LIKE ANY (?)', patterns],
    ['outcome = ?', filter.outcome],
    ['actor = ?', filter.actor],
    ['on_behalf_of = ?', filter.onBehalfOf],
    ['oauth_client_id = ?', filter.oauthClientId],
    ['address = ?', filter.address],
    ['reason = ?', filter.reason],
    ['trace_id = ?', filter.traceId],
    ['occurred_at >= ?', filter.since],
    ['occurred_at < ?', filter.until],
  ];
  const asked = [['tenant_id = ?', defaultTenant] as const, ...conditions.filter(([, value]) => value !== undefined)];
  const where = asked.map(([condition], index) => condition.replace('?', `$${index + 1}`)).join(' AND ');
  const rows = await manager.query<(Omit<AuditRecord, 'time'> & { time: Date })[]>(
    `SELECT * FROM (
       SELECT id, occurred_at AS time, tenant_id AS tenant, type, outcome, actor, on_behalf_of AS "onBehalfOf",
              oauth_client_id AS "clientId", address, reason, trace_id AS "traceId", details
       FROM auth.audit_row WHERE ${where} ORDER BY id DESC LIMIT ${filter.limit}
     ) AS newest ORDER BY id`,
    asked.map(([, value]) => value),
  );
  return rows.map((row) => ({ ...row, time: row.time.toISOString() }));
}
