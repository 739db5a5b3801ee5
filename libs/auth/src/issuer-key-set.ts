import { isObject } from '@gatehouse/protocol';
import { createLocalJWKSet, errors } from 'jose';
import type { FlattenedJWSInput, JWK, JWTVerifyGetKey } from 'jose';
import { discoverKeySetUrl } from './discover-key-set.ts';
import { fetchJson } from './fetch-json.ts';
import { KeySetUnavailableError } from './invalid-token-error.ts';

/** Bounds of the time between two scheduled fetches, in which the issuer's `max-age` chooses. */
const minRefreshMs = 1_000;
const maxRefreshMs = 5 * 60_000;
/** Shortest time between two fetches that unknown key ids can cause, so that forged tokens cannot flood the issuer. */
const unknownKeyCooldownMs = 5_000;
const firstRetryMs = 250;
const maxRetryMs = 10_000;

/** What the owner of a key set hears about it. */
interface KeySetListener {
  onLoaded(change: { keyIds: string[] }): void;
  onFailed(error: unknown): void;
}

/**
 * The signing keys of one issuer. The last set that was fetched stays in use for as long as the issuer is away: an
 * outage of the issuer must not refuse tokens that it signed before. A set is not kept for longer than the issuer says,
 * for it publishes a new key only that long before it signs with it. An issuer that can may also hand its keys over at
 * every change (`receive`): then they are known while it cannot be asked, and a key that it takes back is gone at once.
 */
export class IssuerKeySet {
  readonly #issuer: string;
  readonly #listener: KeySetListener;
  #keySetUrl: string | undefined;
  #getKey: JWTVerifyGetKey | undefined;
  /** What was handed over last. */
  #received: readonly JWK[] = [];
  /** Keys that were handed over and then left out: a fetch that is answered with an older set must not bring them back. */
  #withdrawn = new Set<string>();
  #serialized = '';
  #generation = 0;
  #fetching: Promise<void> | undefined;
  #lastFetchAt = Number.NEGATIVE_INFINITY;
  #refreshMs = maxRefreshMs;
  #retryMs = firstRetryMs;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(issuer: string, listener: KeySetListener) {
    this.#issuer = issuer;
    this.#listener = listener;
  }

  /** True once a key set was fetched, for ever after. */
  get loaded(): boolean {
    return this.#getKey !== undefined;
  }

  /** Grows when the keys change; what was verified under an older generation must be verified again. */
  get generation(): number {
    return this.#generation;
  }

  /** Fetches the keys once and then keeps them fresh until `close`. Never throws: failures are heard and retried. */
  async start(): Promise<void> {
    await this.#refresh();
    this.#schedule();
  }

  /**
   * Takes the keys that the issuer hands over.
   * @throws Error for what is no key set
   */
  receive(document: unknown): void {
    const keys = keysOf(document);
    if (keys.length === 0) throw new Error('the key set is empty');
    const present = new Set(keys.map(nameOf));
    for (const key of this.#received) this.#withdrawn.add(nameOf(key));
    for (const name of present) this.#withdrawn.delete(name);
    this.#received = keys;
    this.#use(keys);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /**
   * Finds the key for a token's header; jose never looks at the header's own `jwk`, `jku` or `x5u`.
   * @throws KeySetUnavailableError while nothing was ever fetched; jose's `JWKSNoMatchingKey` for an unknown key.
   */
  readonly getKey: JWTVerifyGetKey = async (header, token) => {
    // Before the first key set, requests wait for the fetch under way and never begin one: the schedule retries.
    if (!this.#getKey) await this.#fetching;
    if (!this.#getKey) throw new KeySetUnavailableError(`the keys of ${this.#issuer} were never fetched`);
    try {
      return await this.#getKey(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      return this.#getNewKey(header, token, error);
    }
  };

  async #getNewKey(header: Parameters<JWTVerifyGetKey>[0], token: FlattenedJWSInput, error: Error) {
    if (!this.#fetching && Date.now() - this.#lastFetchAt < unknownKeyCooldownMs) throw error;
    await this.#refresh();
    return (this.#getKey as JWTVerifyGetKey)(header, token);
  }

  /** One fetch at a time, however many tokens wait for it. */
  #refresh(): Promise<void> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    this.#lastFetchAt = Date.now();
    try {
      this.#keySetUrl ??= await discoverKeySetUrl(this.#issuer);
      const { document, maxAgeSeconds } = await fetchJson(this.#keySetUrl);
      this.#use(keysOf(document).filter((key) => !this.#withdrawn.has(nameOf(key))));
      this.#refreshMs = refreshMsOf(maxAgeSeconds);
      this.#retryMs = firstRetryMs;
    } catch (error) {
      // The issuer may have moved its key set: look it up again next time.
      this.#keySetUrl = undefined;
      this.#retryMs = Math.min(this.#retryMs * 2, maxRetryMs);
      this.#listener.onFailed(error);
    }
  }

  #use(keys: JWK[]): void {
    if (keys.length === 0) throw new Error('the key set is empty');
    const serialized = keys.map(describeKey).toSorted().join();
    if (serialized === this.#serialized) return;
    this.#getKey = createLocalJWKSet({ keys });
    this.#serialized = serialized;
    this.#generation++;
    this.#listener.onLoaded({ keyIds: keys.map(({ kid }) => String(kid)) });
  }

  #schedule(): void {
    if (this.#closed) return;
    const healthy = this.#retryMs === firstRetryMs;
    this.#timer = setTimeout(() => void this.start(), healthy ? this.#refreshMs : this.#retryMs);
    this.#timer.unref();
  }
}

function keysOf(document: unknown): JWK[] {
  if (!isObject(document) || !Array.isArray(document.keys) || !document.keys.every(isObject))
    throw new Error('there is no key set');
  return document.keys;
}

/** What makes a key the key that it is: the same set may come in another order, or with other members. */
function describeKey({ kid, alg, use, kty, crv, x, y, n, e }: JWK): string {
  return JSON.stringify([kid, alg, use, kty, crv, x, y, n, e]);
}

/** Keys without id are told apart by what they are. */
function nameOf(key: JWK): string {
  return typeof key.kid === 'string' ? key.kid : describeKey(key);
}

/** An issuer that forbids caching gets the longest interval: it counts on fetches for unknown keys. */
function refreshMsOf(maxAgeSeconds: number | undefined): number {
  if (!maxAgeSeconds) return maxRefreshMs;
  return Math.min(Math.max(maxAgeSeconds * 1_000, minRefreshMs), maxRefreshMs);
}
