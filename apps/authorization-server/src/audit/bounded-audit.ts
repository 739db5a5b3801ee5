import type { Logger } from '@gatehouse/runtime';
import type { DataSource } from 'typeorm';
import { networkOf } from '../entrance/caller-address.ts';
import { currentRequest } from '../entrance/request-context.ts';
import { reportUnwrittenAudit } from '../events.ts';
import { recordAudit } from './audit-log.ts';
import type { AuditEvent } from './audit-log.ts';

const windowMs = 60_000;
/** So many like events of a minute are rows each; after them every hundredth, thousandth and so on is. */
const writtenEach = 10;
/** So many sources are told apart in a minute; what comes from further ones is counted together. */
const maxSources = 100;

/**
 * Keeps events that anybody can cause from filling the disk. Like events - of one type, network and client - are counted
 * by the minute; those that are written carry their count, so that the log shows how large a flood was. Each replica
 * counts for itself: what is not written costs no statement.
 */
export class BoundedAudit {
  readonly #dataSource: DataSource;
  readonly #logger: Logger;
  readonly #counts = new Map<string, number>();
  #windowEndsAtMs = 0;

  constructor(dataSource: DataSource, logger: Logger) {
    this.#dataSource = dataSource;
    this.#logger = logger;
  }

  /** The event as it is to be written; undefined for one that is only counted. */
  admit(event: AuditEvent): AuditEvent | undefined {
    const network = networkOf(event.address ?? currentRequest()?.address ?? '');
    const source = JSON.stringify([event.type, network, event.oauthClientId]);
    const isOneOfMany = !this.#isToldApart(source);
    const counted = isOneOfMany ? event.type : source;
    const count = (this.#counts.get(counted) ?? 0) + 1;
    this.#counts.set(counted, count);
    if (count > writtenEach && !Number.isInteger(Math.log10(count))) return undefined;
    const bound = { countInMinute: count, ...(isOneOfMany ? { ofManySources: true } : {}) };
    return count === 1 && !isOneOfMany ? event : { ...event, details: { ...event.details, ...bound } };
  }

  /** Writes an event that no change belongs to. It never throws: what caused it is answered all the same. */
  async record(event: AuditEvent): Promise<void> {
    const admitted = this.admit(event);
    if (!admitted) return;
    try {
      await recordAudit(this.#dataSource.manager, admitted);
    } catch (error) {
      reportUnwrittenAudit(this.#logger, { err: error, type: event.type });
    }
  }

  #isToldApart(source: string): boolean {
    const now = performance.now();
    if (now >= this.#windowEndsAtMs) {
      this.#counts.clear();
      this.#windowEndsAtMs = now + windowMs;
    }
    return this.#counts.has(source) || this.#counts.size < maxSources;
  }
}
