import { setTimeout as delay } from 'node:timers/promises';
import type { ConsumerMessages, JsMsg, PushConsumer } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';

const retryIntervalMs = 500;

/** How often a reading is looked at; after one without an entry NATS is asked what is left. */
const checkIntervalMs = 1_000;

/** Looks without an entry after which a reading has failed. As long as entries come it may take any time. */
const idleChecksUntilFailure = 5;

/** What is made of a stream's entries, by whoever has it followed. */
interface StreamReading<View> {
  /** Named in errors, such as `the catalog`. */
  what: string;
  /** A consumer of the last entry of every subject and of all that come later. */
  openConsumer(): Promise<PushConsumer>;
  /** An empty view, for a reading from the start. */
  begin(): View;
  /** Takes one entry into a view, in the order of the stream. */
  take(view: View, message: JsMsg): void;
  /** This view is complete: it replaces the one before, and later entries go on coming into it. */
  use(view: View): void;
  onFailed(error: unknown): void;
}

/**
 * Keeps a view of a stream in memory: reads it, follows it, and reads it again after a reconnection or when the watch
 * ends unasked. The view before stays in use until the new one is complete.
 */
export class StreamFollower<View> {
  readonly #connection: NatsConnection;
  readonly #reading: StreamReading<View>;
  #watch: ConsumerMessages | undefined;
  #rereading: Promise<void> | undefined;
  #closed = false;

  constructor(connection: NatsConnection, reading: StreamReading<View>) {
    this.#connection = connection;
    this.#reading = reading;
    void this.#rereadAfterReconnect();
  }

  /** Reads everything again, as often as it takes; resolves when the view is complete. */
  reread(): Promise<void> {
    this.#rereading ??= this.#readUntilItWorks().finally(() => {
      this.#rereading = undefined;
    });
    return this.#rereading;
  }

  /** Reads everything once; rejects when that fails. */
  async read(): Promise<void> {
    const reading = this.#reading;
    const consumer = await reading.openConsumer();
    const view = reading.begin();
    const progress = await ReadingProgress.of(consumer, reading.what);
    const watch = await consumer.consume({
      callback: (message) => {
        reading.take(view, message);
        progress.note(message);
      },
    });
    void watch.closed().then(() => {
      progress.fail(`the watch of ${reading.what} ended`);
      if (watch === this.#watch && !this.#closed && !this.#connection.isClosed()) void this.reread();
    });
    try {
      await progress.complete();
      if (this.#closed) throw new Error(`${reading.what} is closed`);
    } catch (error) {
      watch.stop();
      throw error;
    }
    const replaced = this.#watch;
    this.#watch = watch;
    reading.use(view);
    replaced?.stop();
  }

  close(): void {
    this.#closed = true;
    this.#watch?.stop();
  }

  async #readUntilItWorks(): Promise<void> {
    while (!this.#closed && !this.#connection.isClosed()) {
      try {
        return await this.read();
      } catch (error) {
        if (this.#closed) return;
        this.#reading.onFailed(error);
        await delay(retryIntervalMs);
      }
    }
  }

  async #rereadAfterReconnect(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'reconnect' && !this.#closed) void this.reread();
    }
  }
}

/** How far the reading of one consumer has come. */
class ReadingProgress {
  readonly #consumer: PushConsumer;
  readonly #what: string;
  readonly #stored: number;
  readonly #complete = Promise.withResolvers<void>();
  #received = 0;
  #lastDelivery = 0;

  private constructor(consumer: PushConsumer, what: string, stored: number) {
    this.#consumer = consumer;
    this.#what = what;
    this.#stored = stored;
    this.#complete.promise.catch(() => {}); // when there is nothing to wait for
    if (stored === 0) this.#complete.resolve();
  }

  static async of(consumer: PushConsumer, what: string): Promise<ReadingProgress> {
    const { num_pending: stored } = await consumer.info(true);
    return new ReadingProgress(consumer, what, stored);
  }

  note({ info: { deliverySequence, pending } }: JsMsg): void {
    this.#received++;
    this.#lastDelivery = deliverySequence;
    if (this.#received >= this.#stored || pending === 0) this.#complete.resolve();
  }

  fail(reason: string): void {
    this.#complete.reject(new Error(reason));
  }

  /** Resolves when everything has come that was there; rejects when the watch ends, or when nothing comes for too long. */
  async complete(): Promise<void> {
    let received = this.#received;
    let idleChecks = 0;
    const check = setInterval(() => {
      idleChecks = received === this.#received ? idleChecks + 1 : 0;
      received = this.#received;
      if (idleChecks === 0) return;
      // A bus that breaks while the stream is read would otherwise keep the reader waiting for ever.
      if (idleChecks >= idleChecksUntilFailure)
        this.fail(`nothing of ${this.#what} came for ${idleChecksUntilFailure * checkIntervalMs} ms`);
      else void this.#resolveWhenNothingIsLeft();
    }, checkIntervalMs);
    try {
      await this.#complete.promise;
    } finally {
      clearInterval(check);
    }
  }

  /** Entries that expire or are replaced before they are sent never come. */
  async #resolveWhenNothingIsLeft(): Promise<void> {
    // What cannot be asked now is asked again.
    const info = await this.#consumer.info().catch(() => undefined);
    if (info?.num_pending === 0 && info.delivered.consumer_seq <= this.#lastDelivery) this.#complete.resolve();
  }
}
