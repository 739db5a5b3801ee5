import { hash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Logger } from '@gatehouse/runtime';
import type { DataSource } from 'typeorm';
import { defaultTenant } from '../../config.ts';
import { networkOf } from '../../entrance/caller-address.ts';
import { currentRequest } from '../../entrance/request-context.ts';
import { reportRefusedLogo } from '../../events.ts';
import { countInWindow } from '../../storage/rate-window.ts';
import { freshSeconds, keepRefusalSeconds, logoFreshness } from '../freshness.ts';
import type { OutboundFetch } from '../outbound/outbound-fetch.ts';
import { OutboundRefusal } from '../outbound/outbound-refusal.ts';
import { readLogoImage } from './logo-image.ts';

const wanted = { maxBytes: 128 * 1_024, accept: 'image/png, image/jpeg, image/webp', mediaType: /^image\// };
/** A page waits no longer for a logo that has not been fetched yet; it is there the next time. */
const pageWaitsMs = 1_000;

/** An image as it is served. */
export interface ServedLogo {
  mediaType: string;
  image: Buffer;
}

/**
 * The logos of clients. They are fetched as documents are and served from here: a browser that loaded them from their host
 * would tell it who signs in where.
 */
export class ClientLogos {
  readonly #dataSource: DataSource;
  readonly #outbound: OutboundFetch;
  readonly #fetchesPerMinute: number;
  readonly #logger: Logger;
  readonly #fetching = new Map<string, Promise<void>>();

  constructor(options: { dataSource: DataSource; outbound: OutboundFetch; fetchesPerMinute: number; logger: Logger }) {
    this.#dataSource = options.dataSource;
    this.#outbound = options.outbound;
    this.#fetchesPerMinute = options.fetchesPerMinute;
    this.#logger = options.logger;
  }

  /** Under which digest a logo is served; undefined when there is none to show. It is fetched when that is due. */
  async digestOf(logoUri: string): Promise<string | undefined> {
    const known = await this.#look(logoUri);
    if (!known?.isFresh) {
      const fetching = this.#fetching.get(logoUri) ?? this.#begin(logoUri);
      await Promise.race([fetching, setTimeout(pageWaitsMs, undefined, { ref: false })]);
    }
    return (await this.#look(logoUri))?.digest ?? undefined;
  }

  /** The image of a digest. */
  async find(digest: string): Promise<ServedLogo | undefined> {
    const [found] = await this.#dataSource.query<ServedLogo[]>(
      'SELECT media_type AS "mediaType", image FROM auth.client_logo WHERE digest = $1 LIMIT 1',
      [digest],
    );
    return found;
  }

  async #look(logoUri: string): Promise<{ digest: string | null; isFresh: boolean } | undefined> {
    const [known] = await this.#dataSource.query<{ digest: string | null; isFresh: boolean }[]>(
      `SELECT digest, fresh_until > clock_timestamp() AS "isFresh" FROM auth.client_logo WHERE url = $1`,
      [logoUri],
    );
    return known;
  }

  /** A page without a logo is a page all the same: whatever fails is for the log. */
  #begin(logoUri: string): Promise<void> {
    const fetching = this.#fetch(logoUri)
      .catch((error: unknown) => reportRefusedLogo(this.#logger, { url: logoUri, reason: 'failed', err: error }))
      .finally(() => this.#fetching.delete(logoUri));
    this.#fetching.set(logoUri, fetching);
    return fetching;
  }

  async #fetch(logoUri: string): Promise<void> {
    const bucket = `logo:${networkOf(currentRequest()?.address ?? '')}`;
    const limit = { count: this.#fetchesPerMinute, windowSeconds: 60 };
    if ((await countInWindow(this.#dataSource, bucket, limit)) !== undefined) return;
    try {
      const { body, cacheControl } = await this.#outbound.get(logoUri, wanted);
      const image = readLogoImage(body);
      if (!image) throw new OutboundRefusal('media_type');
      await this.#keep(logoUri, { ...image, bytes: body }, freshSeconds(cacheControl, logoFreshness));
    } catch (error) {
      if (!(error instanceof OutboundRefusal)) throw error;
      if (error.reason === 'busy') return;
      reportRefusedLogo(this.#logger, { url: logoUri, reason: error.reason, err: error.cause });
      // What is known serves on while its host does not answer.
      if (error.isPassing) await this.#wait(logoUri);
      else await this.#keep(logoUri, undefined, keepRefusalSeconds);
    }
  }

  async #keep(
    logoUri: string,
    image: { mediaType: string; bytes: Buffer } | undefined,
    freshForSeconds: number,
  ): Promise<void> {
    await this.#dataSource.query(
      `INSERT INTO auth.client_logo (url, tenant_id, digest, media_type, image, fresh_until)
       VALUES ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6))
       ON CONFLICT (url) DO UPDATE SET digest = excluded.digest, media_type = excluded.media_type,
         image = excluded.image, fresh_until = excluded.fresh_until`,
      [
        logoUri,
        defaultTenant,
        image ? hash('sha256', image.bytes, 'hex') : null,
        image?.mediaType ?? null,
        image?.bytes ?? null,
        freshForSeconds,
      ],
    );
  }

  async #wait(logoUri: string): Promise<void> {
    await this.#dataSource.query(
      `INSERT INTO auth.client_logo (url, tenant_id, fresh_until)
       VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
       ON CONFLICT (url) DO UPDATE SET fresh_until = excluded.fresh_until`,
      [logoUri, defaultTenant, keepRefusalSeconds],
    );
  }
}
