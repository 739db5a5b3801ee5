import type { EntityManager } from 'typeorm';
import { currentRequest } from '../entrance/request-context.ts';

/** A security event as it is told to the audit log. Never holds a token, code, cookie or password. */
export interface AuditEvent {
  /** `<noun>.<what happened>`, such as `login.failed`. */
  type: string;
  tenantId: string;
  outcome: 'success' | 'failure';
  /** Who did it: an account id, `client:<id>`, `system`, or `operator:<user>` for whatever a command does. */
  actor?: string;
  /** Account id in whose name it was done. */
  onBehalfOf?: string;
  oauthClientId?: string;
  /** Address of the peer; that of the present request unless said. */
  address?: string;
  /** Closed word that says why it failed. */
  reason?: string;
  /** Trace of the event; that of the present request unless said. */
  traceId?: string;
  details?: Record<string, unknown>;
}

/**
 * Adds an event to the audit log, in the transaction of the change that it is about. Written by hand: it is part of every
 * token request, and an entity would cost more than the row.
 */
export async function recordAudit(manager: EntityManager, event: AuditEvent): Promise<void> {
  const request = currentRequest();
  await manager.query(
    `INSERT INTO auth.audit_row
       (tenant_id, type, outcome, actor, on_behalf_of, oauth_client_id, address, reason, trace_id, details)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      event.tenantId,
      event.type,
      event.outcome,
      request?.actor ?? event.actor,
      event.onBehalfOf,
      event.oauthClientId,
      event.address ?? request?.address,
      event.reason,
      event.traceId ?? request?.traceId,
      event.details === undefined ? undefined : JSON.stringify(event.details),
    ],
  );
}
