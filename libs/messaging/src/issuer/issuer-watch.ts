import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
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
  #messages: ConsumerMessages | undefined;
  #stored = 0;
  #received = 0;
  #ended = false;

  constructor(listener: WatchListener) {
    this.#listener = listener;
  }

  /** True when everything has come that was stored when it began. */
  get isWhole(): boolean {
    return this.#messages !== undefined && this.#received >= this.#stored;
  }

  /** Begins. @throws Error when NATS does not answer, denies it, or has no such stream yet */
  async open(connection: NatsConnection, issuer: SubjectToken): Promise<void> {
    const manager = await jetstreamManager(connection, { checkAPI: false, timeout: requestTimeoutMs });
    const delivery = {
      deliver_subject: createInbox(manager.getOptions().watcherPrefix),
      idle_heartbeat: nanos(heartbeatMs),
    };
    const { num_pending: stored } = await manager.consumers.add(issuerStream, {
      ...delivery,
      name: `issuer_${randomToken(8)}`,
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
    void this.#followSigns(this.#messages);
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
    this.#listener.onSign();
  }

  async #followSigns(messages: ConsumerMessages): Promise<void> {
    for await (const status of messages.status()) {
      if (this.#ended || status.type === 'consumer_deleted') return this.#end();
      if (status.type !== 'heartbeat') continue;
      if (status.lastConsumerSequence > this.#received) return this.#end();
      this.#listener.onSign();
    }
  }

  #end(): void {
    if (this.#ended) return;
    this.close();
    this.#listener.onEnd();
  }
}
