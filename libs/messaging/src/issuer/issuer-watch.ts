import type { ConsumerMessages, JetStreamManager, JsMsg } from '@nats-io/jetstream';
import { AckPolicy, DeliverPolicy, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { createInbox, nanos } from '@nats-io/nats-core';
import type { SubjectToken } from '../subjects.ts';
import { randomToken } from '../subjects.ts';
import { issuerStream, issuerSubjects } from './issuer-stream.ts';

const requestTimeoutMs = 1_000;

/** How often NATS says that there is nothing new. */
const heartbeatMs = 500;

/** A consumer that nobody listens to any more goes by itself. */
const abandonedMs = 10_000;

/** What is heard of one watch. */
interface WatchListener {
  /** An entry, in the order of the stream. */
  onEntry(message: JsMsg): void;
  /** NATS has said something, and all that it sent before has come. */
  onSign(): void;
  /** It is over: something of it was lost, or its consumer is gone. */
  onEnd(): void;
}

/**
 * One reading of what an issuer has in the stream, followed by all that comes. NATS gives a sign of life twice a second, and
 * each says how much was sent before, so that neither a gap nor a silent end stays unnoticed.
 */
export class IssuerWatch {
  readonly #listener: WatchListener;
  readonly #name = `issuer_${randomToken(8)}`;
  #messages: ConsumerMessages | undefined;
  #stored = 0;
  #received = 0;
  #isWhole = false;
  #isAsking = false;
  #ended = false;

  constructor(listener: WatchListener) {
    this.#listener = listener;
  }

  /** True when everything has come that was stored when it began, however long that took. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Begins. @throws Error when NATS does not answer, denies it, or has no such stream yet */
  async open(connection: NatsConnection, issuer: SubjectToken): Promise<void> {
    const manager = await jetstreamManager(connection, { checkAPI: false, timeout: requestTimeoutMs });
    const delivery = {
      deliver_subject: createInbox(manager.getOptions().watcherPrefix),
      idle_heartbeat: nanos(heartbeatMs),
      // What is sent faster than it is taken would cost the whole connection.
      flow_control: true,
    };
    const { num_pending: stored } = await manager.consumers.add(issuerStream, {
      ...delivery,
      name: this.#name,
      filter_subject: issuerSubjects.any(issuer),
      deliver_policy: DeliverPolicy.LastPerSubject,
      ack_policy: AckPolicy.None,
      inactive_threshold: nanos(abandonedMs),
      mem_storage: true,
      num_replicas: 1,
    });
    if (this.#ended) return;
    this.#stored = stored;
    const consumer = await manager.jetstream().consumers.getBoundPushConsumer(delivery);
    this.#messages = await consumer.consume({ callback: (message) => this.#receive(message) });
    void this.#messages.closed().then(() => this.#end());
    void this.#followSigns(this.#messages, manager);
    if (stored === 0) this.#isWhole = true;
    this.#listener.onSign();
  }

  close(): void {
    this.#ended = true;
    this.#messages?.stop();
  }

  #receive(message: JsMsg): void {
    if (this.#ended) return;
    if (message.info.deliverySequence !== this.#received + 1) return this.#end();
    this.#received++;
    this.#listener.onEntry(message);
    if (message.info.pending === 0 || this.#received >= this.#stored) this.#isWhole = true;
    this.#listener.onSign();
  }

  async #followSigns(messages: ConsumerMessages, manager: JetStreamManager): Promise<void> {
    for await (const status of messages.status()) {
      if (this.#ended || status.type === 'consumer_deleted') return this.#end();
      if (status.type !== 'heartbeat') continue;
      if (status.lastConsumerSequence > this.#received) return this.#end();
      if (!this.#isWhole && !this.#isAsking) void this.#askWhetherWhole(manager);
      this.#listener.onSign();
    }
  }

  /** Entries that expire or are replaced before they are sent never come. */
  async #askWhetherWhole(manager: JetStreamManager): Promise<void> {
    this.#isAsking = true;
    // What cannot be asked now is asked at the next sign.
    const info = await manager.consumers.info(issuerStream, this.#name).catch(() => undefined);
    this.#isAsking = false;
    if (info?.num_pending === 0 && info.delivered.consumer_seq <= this.#received) this.#isWhole = true;
  }

  #end(): void {
    if (this.#ended) return;
    this.close();
    this.#listener.onEnd();
  }
}
