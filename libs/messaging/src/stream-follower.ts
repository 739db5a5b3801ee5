import { setTimeout as delay } from 'node:timers/promises';
import type { ConsumerMessages, JsMsg, PushConsumer } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';

const retryIntervalMs = 500;
const readTimeoutMs = 5_000;

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
    const { num_pending: stored } = await consumer.info(true);
    const view = reading.begin();
    const complete = Promise.withResolvers<void>();
    complete.promise.catch(() => {}); // when there is nothing to wait for
    let received = 0;
    const watch = await consumer.consume({
      callback: (message) => {
        reading.take(view, message);
        received++;
        if (received === stored) complete.resolve();
      },
    });
    void watch.closed().then(() => {
      complete.reject(new Error(`the watch of ${reading.what} ended`));
      if (watch === this.#watch && !this.#closed && !this.#connection.isClosed()) void this.reread();
    });
    // A bus that breaks while the stream is read would otherwise keep the reader waiting for ever.
    const overdue = setTimeout(
      () => complete.reject(new Error(`${reading.what} was not complete after ${readTimeoutMs} ms`)),
      readTimeoutMs,
    );
    try {
      if (stored > 0) await complete.promise;
    } catch (error) {
      watch.stop();
      throw error;
    } finally {
      clearTimeout(overdue);
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
