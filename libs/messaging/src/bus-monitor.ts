import type { Logger } from '@gatehouse/runtime';
import type { NatsConnection } from '@nats-io/nats-core';
import { logBusGone, logBusRecovered, logRecoveryFailed } from './events.ts';
import { randomToken, subjects } from './subjects.ts';
import { subscribe } from './subscribe.ts';

/** How often a process beats to itself through NATS. */
const beatIntervalMs = 500;

/** Beats without an echo after which the bus counts as gone. */
const tolerableLosses = 3;

/** The bus was lost while something was waited for: nobody knows what became of it. */
class BusGoneError extends Error {
  override readonly name = 'BusGoneError';

  constructor() {
    super('NATS carries no messages');
  }
}

/** Makes a part of the process right again after an outage, such as reading the catalog again. */
type RecoveryStep = () => Promise<void>;

/**
 * Knows whether the bus carries messages: a beat to oneself every 500 ms, three losses or a broken connection mean that
 * it is gone. When it is back, and once at the start, the recovery steps run before it counts as carrying again.
 */
export class BusMonitor {
  readonly #connection: NatsConnection;
  readonly #logger: Logger;
  readonly #steps: RecoveryStep[] = [];
  readonly #goneListeners = new Set<() => void>();
  readonly #recoveredListeners: (() => void)[] = [];
  readonly #natsSubject = subjects.bus(randomToken(8));
  readonly #interval: NodeJS.Timeout;
  #state: 'recovering' | 'up' | 'gone' = 'gone';
  /** Counts outages, so that an echo or a recovery of an earlier one changes nothing. */
  #outage = 0;
  #unanswered = 0;
  #closed = false;

  constructor(connection: NatsConnection, logger: Logger) {
    this.#connection = connection;
    this.#logger = logger;
    subscribe(connection, this.#natsSubject, logger, (message) => {
      if (message.string() === String(this.#outage)) this.#hear();
    });
    this.#interval = setInterval(() => this.#beat(), beatIntervalMs);
    this.#interval.unref();
    void this.#watchConnection();
  }

  /** `recovering` carries messages, but what was missed is not made up for yet. */
  get state(): 'recovering' | 'up' | 'gone' {
    return this.#state;
  }

  /** True while calls may be published. */
  get carries(): boolean {
    return this.#state === 'up';
  }

  /** A short sentence for the readiness probe; undefined when all is well. */
  unreadyReason(): string | undefined {
    if (this.#state === 'up') return undefined;
    return this.#state === 'gone' ? 'NATS carries no messages' : 'reading the catalog and listening for workers';
  }

  /** Adds a step of recovery; steps run in the order in which they were added. */
  addRecoveryStep(step: RecoveryStep): void {
    this.#steps.push(step);
  }

  /** Calls `listener` whenever the bus is lost, until the returned function is called. */
  onGone(listener: () => void): () => void {
    this.#goneListeners.add(listener);
    return () => this.#goneListeners.delete(listener);
  }

  /**
   * Waits for `work`, and no longer than the bus carries messages.
   * @throws Error at once when it carries none, without beginning; else as soon as it is lost
   */
  async whileItCarries<Result>(work: () => Promise<Result>): Promise<Result> {
    if (!this.carries) throw new BusGoneError();
    const lost = Promise.withResolvers<never>();
    const forget = this.onGone(() => lost.reject(new BusGoneError()));
    try {
      return await Promise.race([work(), lost.promise]);
    } finally {
      forget();
    }
  }

  /** Calls `listener` whenever the bus carries again and every step of recovery is done. */
  onRecovered(listener: () => void): void {
    this.#recoveredListeners.push(listener);
  }

  /** Begins: the first echo starts the first recovery. */
  start(): void {
    this.#beat();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#interval);
  }

  #beat(): void {
    if (this.#unanswered >= tolerableLosses) this.#lose();
    this.#unanswered++;
    try {
      this.#connection.publish(this.#natsSubject, String(this.#outage));
    } catch {
      this.#lose();
    }
  }

  #hear(): void {
    this.#unanswered = 0;
    if (this.#state === 'gone' && !this.#closed) void this.#recover(this.#outage);
  }

  #lose(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#outage++;
    // An ordinary stop closes the connection too: that is no outage.
    if (!this.#closed) logBusGone(this.#logger);
    for (const listener of this.#goneListeners) listener();
  }

  async #recover(outage: number): Promise<void> {
    this.#state = 'recovering';
    try {
      for (const step of this.#steps) await step();
    } catch (error) {
      if (outage !== this.#outage) return;
      logRecoveryFailed(this.#logger, error);
      this.#state = 'gone';
      return;
    }
    if (outage !== this.#outage || this.#closed) return;
    this.#state = 'up';
    logBusRecovered(this.#logger);
    for (const listener of this.#recoveredListeners) listener();
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'disconnect' || status.type === 'close') this.#lose();
      else if (status.type === 'reconnect') this.#beat();
    }
  }
}
