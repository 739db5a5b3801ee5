import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '@gatehouse/runtime';
import { errors } from 'oidc-provider';
import type { DataSource } from 'typeorm';
import { recordAudit } from '../../audit/audit-log.ts';
import type { BoundedAudit } from '../../audit/bounded-audit.ts';
import { defaultTenant } from '../../config.ts';
import { reportRefusedDocument } from '../../events.ts';
import { networkOf } from '../../entrance/caller-address.ts';
import { currentRequest } from '../../entrance/request-context.ts';
import { countInWindow } from '../../storage/rate-window.ts';
import { documentFreshness, freshSeconds, keepRefusalSeconds, staleSeconds } from '../freshness.ts';
import type { OutboundFetch } from '../outbound/outbound-fetch.ts';
import { OutboundRefusal } from '../outbound/outbound-refusal.ts';
import { documentHost, refuseClientIdUrl } from './client-id-url.ts';
import { DocumentRefusal, readDocument } from './read-document.ts';
import type { DocumentMetadata } from './read-document.ts';

/** The bound that the specification of client ID metadata documents recommends. */
const maxDocumentBytes = 5 * 1_024;

/** Not what went wrong: told apart, the reasons would map the network behind this server. */
const notFetched = 'the client metadata document could not be fetched';

/**
 * Learns clients from their metadata documents. What is known stands in PostgreSQL: every replica sees it, and a restart
 * or a silent host does not make clients unknown.
 */
export class ClientDocuments {
  readonly #dataSource: DataSource;
  readonly #audit: BoundedAudit;
  readonly #outbound: OutboundFetch;
  readonly #fetchesPerMinute: number;
  readonly #logger: Logger;
  readonly #fetching = new Map<string, Promise<void>>();

  constructor(options: {
    dataSource: DataSource;
    audit: BoundedAudit;
    outbound: OutboundFetch;
    fetchesPerMinute: number;
    logger: Logger;
  }) {
    this.#dataSource = options.dataSource;
    this.#audit = options.audit;
    this.#outbound = options.outbound;
    this.#fetchesPerMinute = options.fetchesPerMinute;
    this.#logger = options.logger;
  }

  /**
   * Sees to it that what is known of a document is fresh. Afterwards `findDocumentClient` has the client or says what is
   * wrong with it.
   * @throws TooManyDocuments when the caller's network, or all callers together, make us fetch too much.
   */
  async learn(url: string): Promise<void> {
    if (refuseClientIdUrl(url) !== undefined) return;
    const known = await this.#look(url);
    if (known.isSettled) return;
    try {
      await (this.#fetching.get(url) ?? this.#begin(url));
    } catch (error) {
      if (!(error instanceof TooManyDocuments && known.isUsable)) throw error;
    }
  }

  /** One fetch at a time for each document; another replica may make one of its own. */
  #begin(url: string): Promise<void> {
    const fetching = this.#fetch(url).finally(() => this.#fetching.delete(url));
    this.#fetching.set(url, fetching);
    return fetching;
  }

  async #look(url: string): Promise<{ isSettled: boolean; isUsable: boolean }> {
    const [known] = await this.#dataSource.query<{ isSettled: boolean; isUsable: boolean }[]>(
      `SELECT EXISTS (SELECT FROM auth.oauth_client WHERE id = $1)
           OR EXISTS (SELECT FROM auth.client_document WHERE url = $1 AND fresh_until > clock_timestamp()) AS "isSettled",
         EXISTS (SELECT FROM auth.client_document
                 WHERE url = $1 AND metadata IS NOT NULL AND stale_until > clock_timestamp()) AS "isUsable"`,
      [url],
    );
    return known!;
  }

  async #limitCaller(): Promise<void> {
    const bucket = `metadata document:${networkOf(currentRequest()?.address ?? '')}`;
    const limit = { count: this.#fetchesPerMinute, windowSeconds: 60 };
    if ((await countInWindow(this.#dataSource, bucket, limit)) !== undefined) throw new TooManyDocuments();
  }

  async #fetch(url: string): Promise<void> {
    await this.#limitCaller();
    try {
      const { value, cacheControl } = await this.#outbound.getJson(url, { maxBytes: maxDocumentBytes });
      await this.#accept(url, readDocument(url, value), freshSeconds(cacheControl, documentFreshness));
    } catch (error) {
      if (!(error instanceof OutboundRefusal || error instanceof DocumentRefusal)) throw error;
      // It says nothing of the document.
      if (error.reason === 'busy') throw new TooManyDocuments({ cause: error });
      reportRefusedDocument(this.#logger, { url, reason: error.reason, err: error.cause });
      const isFetched = error instanceof DocumentRefusal;
      await this.#refuse(url, {
        reason: error.reason,
        message: isFetched ? error.message : notFetched,
        isPassing: !isFetched && error.isPassing,
      });
    }
  }

  async #accept(url: string, metadata: DocumentMetadata, fresh: number): Promise<void> {
    await this.#dataSource.transaction(async (manager) => {
      const [before] = await manager.query<{ metadata: DocumentMetadata | null }[]>(
        'SELECT metadata FROM auth.client_document WHERE url = $1 FOR UPDATE',
        [url],
      );
      await manager.query(
        `INSERT INTO auth.client_document (url, tenant_id, metadata, fresh_until, stale_until)
         VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4), clock_timestamp() + make_interval(secs => $5))
         ON CONFLICT (url) DO UPDATE SET metadata = excluded.metadata, refusal = NULL,
           fresh_until = excluded.fresh_until, stale_until = excluded.stale_until`,
        [url, defaultTenant, JSON.stringify(metadata), fresh, fresh + staleSeconds],
      );
      if (isDeepStrictEqual(before?.metadata, JSON.parse(JSON.stringify(metadata)))) return;
      await recordAudit(manager, {
        type: before?.metadata ? 'client.document_changed' : 'client.document_accepted',
        tenantId: defaultTenant,
        outcome: 'success',
        oauthClientId: url,
        details: { clientName: metadata.client_name, redirectUris: metadata['redirect_uris'] },
      });
    });
  }

  /** A document that cannot be fetched just now keeps serving for a while; one that is wrong or gone does not. */
  async #refuse(url: string, refusal: { reason: string; message: string; isPassing: boolean }): Promise<void> {
    await this.#dataSource.transaction(async (manager) => {
      await manager.query(
        `INSERT INTO auth.client_document AS known (url, tenant_id, refusal, fresh_until, stale_until)
         VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4), clock_timestamp())
         ON CONFLICT (url) DO UPDATE SET
           metadata = CASE WHEN $5 AND known.stale_until > clock_timestamp() THEN known.metadata END,
           refusal = excluded.refusal, fresh_until = excluded.fresh_until`,
        [url, defaultTenant, refusal.message, keepRefusalSeconds, refusal.isPassing],
      );
      const event = this.#audit.admit({
        type: 'client.document_refused',
        tenantId: defaultTenant,
        outcome: 'failure',
        reason: refusal.reason,
        oauthClientId: url,
        details: { host: documentHost(url) },
      });
      if (event) await recordAudit(manager, event);
    });
  }
}

/** RFC 6585 §4. */
class TooManyDocuments extends errors.CustomOIDCProviderError {
  constructor(options: { cause?: unknown } = {}) {
    super('temporarily_unavailable', 'too many unknown clients, try again in a minute', options);
    this.status = 429;
    this.statusCode = 429;
  }
}
