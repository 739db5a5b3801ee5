import type { Logger } from '@gatehouse/runtime';

/** The server answers requests. */
export function reportReady(logger: Logger, fields: { issuer: string; port: number; adminPort: number }): void {
  logger.info(fields, 'authorization server ready');
}

/** One answered request. */
export function reportRequest(
  logger: Logger,
  fields: {
    method: string;
    path: string;
    status: number;
    durationMs: number;
    requestId: string;
    traceId: string;
    address: string;
  },
): void {
  logger.info(fields, 'request');
}

/** A request that we failed to answer as asked: our fault. */
export function reportFailedRequest(logger: Logger, fields: { err: unknown; path: string; traceId?: string }): void {
  logger.error(fields, 'request failed');
}

/** A security event could not be written to the audit log. */
export function reportUnwrittenAudit(logger: Logger, fields: { err: unknown; type: string }): void {
  logger.error(fields, 'audit row could not be written');
}

/** This process uses other signing keys from now on. */
export function reportSigningKeys(logger: Logger, fields: { active: string; published: string[] }): void {
  logger.info(fields, 'signing keys changed');
}

/** The signing keys could not be read or brought forward; the last ones serve until they can. */
export function reportFailedKeyReading(logger: Logger, error: unknown): void {
  logger.error({ err: error }, 'signing keys could not be read');
}

/** A client's metadata document was not accepted; the cause is what its developer is not told. */
export function reportRefusedDocument(logger: Logger, fields: { url: string; reason: string; err: unknown }): void {
  logger.info(fields, 'client metadata document refused');
}

/** Gateways have been told everything that they must know. */
export function reportToldAll(logger: Logger, fields: { revocations: number }): void {
  logger.info(fields, 'gateways were told the keys and every revocation');
}

/** Keys or revocations did not reach NATS; it is tried again, and the outbox keeps them. */
export function reportUntoldGateways(logger: Logger, error: unknown): void {
  logger.error({ err: error }, 'gateways could not be told what is revoked');
}

/** A client's logo could not be fetched, or is no image that is served. */
export function reportRefusedLogo(logger: Logger, fields: { url: string; reason: string; err: unknown }): void {
  logger.info(fields, 'client logo refused');
}

/** Expired rows could not be deleted; the next sweep tries again. */
export function reportFailedSweep(logger: Logger, error: unknown): void {
  logger.warn({ err: error }, 'expired rows could not be swept');
}

/** The resources and scopes of a server are known now. */
export function reportLearntServer(logger: Logger, fields: { server: string; scopes: string[] }): void {
  logger.info(fields, 'learnt the scopes of a server');
}

/** The catalog cannot be followed; tokens are issued for what is known. */
export function reportCatalogUnavailable(logger: Logger, error: unknown): void {
  logger.warn({ err: error }, 'catalog unavailable, serving the known resources');
}
