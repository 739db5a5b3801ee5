import { setTimeout as delay } from 'node:timers/promises';
import type { TokenRevocation } from '@gatehouse/protocol';
import type { Logger } from '@gatehouse/runtime';
import type { JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { SubjectToken } from '../subjects.ts';
import { subjectToken } from '../subjects.ts';
import { logFeedCurrent, logFeedStale, logFeedUnreadable, logIssuerEntryDropped } from './events.ts';
import { issuerSubjects, parseRevocation } from './issuer-stream.ts';
import { IssuerWatch } from './issuer-watch.ts';

const retryIntervalMs = 250;
const checkIntervalMs = 250;

/** A watch without a sign of life for so many checks is begun anew; NATS gives one every 500 ms. */
const checksUntilRenewal = 5;

/** After so many, two seconds, nobody can say what was revoked meanwhile. Counted, for a process that was held up itself. */
const checksUntilStale = 8;

/**
 * What is known of an issuer: `incomplete` as long as no epoch was read; `current`; or `stale` when NATS, or the watch of the
 * stream, has been lost for more than 2 s. That the issuer has nothing to say is none of these.
 */
export type FeedState = 'incomplete' | 'current' | 'stale';

/** Who hears what an issuer says. */
interface FeedListener {
  /** Also of what was told before: an entry comes again whenever the stream is read again. */
  onRevoked(revocation: TokenRevocation): void;
  /** The content of the issuer's key set. @throws Error for what is none */
  onKeySet(keySet: unknown): void;
  /** @param unknownForMs how long nothing was known before */
  onCurrent(unknownForMs: number): void;
}

/**
 * Follows what one issuer tells gateways. It reads the stream anew after every reconnection, gap or silence, and counts as current
 * only when that reading has come to its end and has an epoch in it: then every live revocation was in it.
 */
export class IssuerFeed {
  readonly #connection: NatsConnection;
  readonly #issuer: SubjectToken;
  readonly #logger: Logger;
  readonly #listener: FeedListener;
  readonly #checks: NodeJS.Timeout;
  #watch: IssuerWatch | undefined;
  #hasEpoch = false;
  #state: FeedState = 'incomplete';
  #checksWithoutSign = 0;
  #checksWithoutProof = 0;
  #unknownSince = performance.now();
  #renew = Promise.withResolvers<void>();
  #isFailing = false;
  #closed = false;

  constructor(connection: NatsConnection, issuer: string, logger: Logger, listener: FeedListener) {
    this.#connection = connection;
    this.#issuer = subjectToken(issuer);
    this.#logger = logger;
    this.#listener = listener;
    this.#checks = setInterval(() => this.#check(), checkIntervalMs);
    this.#checks.unref();
    void this.#renewAfterReconnect();
    void this.#run();
  }

  get state(): FeedState {
    return this.#state;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#checks);
    this.#watch?.close();
    this.#renew.resolve();
  }

  async #run(): Promise<void> {
    while (!this.#closed && !this.#connection.isClosed()) {
      this.#renew = Promise.withResolvers();
      const opened = await this.#open();
      if (opened) await this.#renew.promise;
      else await Promise.race([delay(retryIntervalMs, undefined, { ref: false }), this.#renew.promise]);
    }
  }

  async #open(): Promise<boolean> {
    this.#watch?.close();
    this.#hasEpoch = false;
    const watch = new IssuerWatch({
      onEntry: (message) => this.#take(message),
      onSign: () => this.#hearSign(watch),
      onEnd: () => this.#renew.resolve(),
    });
    this.#watch = watch;
    try {
      await watch.open(this.#connection, this.#issuer);
      this.#isFailing = false;
      return true;
    } catch (error) {
      watch.close();
      if (!this.#isFailing && !this.#closed && !this.#connection.isClosed()) logFeedUnreadable(this.#logger, error);
      this.#isFailing = true;
      return false;
    }
  }

  #take(message: JsMsg): void {
    const { subject: natsSubject, data } = message;
    if (natsSubject === issuerSubjects.epoch(this.#issuer)) {
      this.#hasEpoch = true;
      return;
    }
    try {
      if (natsSubject === issuerSubjects.keySet(this.#issuer)) return this.#listener.onKeySet(message.json());
      const revocation = parseRevocation(this.#issuer, natsSubject, data);
      if (revocation) return this.#listener.onRevoked(revocation);
      logIssuerEntryDropped(this.#logger, { natsSubject });
    } catch (err) {
      logIssuerEntryDropped(this.#logger, { natsSubject, err });
    }
  }

  #hearSign(watch: IssuerWatch): void {
    if (watch !== this.#watch || this.#closed) return;
    this.#checksWithoutSign = 0;
    if (!watch.isWhole || !this.#hasEpoch) return;
    this.#checksWithoutProof = 0;
    if (this.#state === 'current') return;
    this.#state = 'current';
    logFeedCurrent(this.#logger);
    this.#listener.onCurrent(performance.now() - this.#unknownSince);
  }

  #check(): void {
    this.#checksWithoutSign++;
    if (this.#checksWithoutSign % checksUntilRenewal === 0) this.#renew.resolve();
    this.#checksWithoutProof++;
    if (this.#state !== 'current' || this.#checksWithoutProof <= checksUntilStale) return;
    this.#state = 'stale';
    this.#unknownSince = performance.now();
    logFeedStale(this.#logger);
  }

  async #renewAfterReconnect(): Promise<void> {
    for await (const status of this.#connection.status()) if (status.type === 'reconnect') this.#renew.resolve();
  }
}
