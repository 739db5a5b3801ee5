import type { EntityManager } from 'typeorm';
import { currentRequest } from '../entrance/request-context.ts';
import { AuditRow } from './audit-row.entity.ts';

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

/** Adds an event to the audit log, in the transaction of the change that it is about. */
export async function recordAudit(manager: EntityManager, event: AuditEvent): Promise<void> {
  const request = currentRequest();
  await manager.insert(AuditRow, {
    ...(request ? { address: request.address, traceId: request.traceId } : {}),
    ...event,
    ...(request?.actor === undefined ? {} : { actor: request.actor }),
    details: (event.details ?? null) as object | null,
  });
}
