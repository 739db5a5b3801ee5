import { randomUUID } from 'node:crypto';
import type { TokenRevocation } from '@gatehouse/protocol';
import type { JetStreamManager } from '@nats-io/jetstream';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { NatsSubject, SubjectToken } from '../subjects.ts';
import { subjectToken } from '../subjects.ts';
import { ensureIssuerStream, issuerStream, issuerSubjects, isNoStream, revocationSubject } from './issuer-stream.ts';

const writeTimeoutMs = 2_000;

/** How many writes wait for their acknowledgement at the same time. */
const batchSize = 256;

/** Everything that an issuer has to tell. */
interface IssuerKnowledge {
  keySet?: { keys: object[] };
  revocations: TokenRevocation[];
}

/** Tells the gateways what the authorization server knows. Every write is acknowledged, and may be made again. */
export class IssuerPublisher {
  readonly #connection: NatsConnection;
  readonly #issuer: SubjectToken;

  constructor(connection: NatsConnection, issuer: string) {
    this.#connection = connection;
    this.#issuer = subjectToken(issuer);
  }

  /**
   * Tells of revocations.
   * @throws Error when one of them was not acknowledged; the others may have been told
   */
  async publishRevocations(revocations: TokenRevocation[]): Promise<void> {
    const now = Date.now();
    for (let start = 0; start < revocations.length; start += batchSize) {
      const batch = revocations.slice(start, start + batchSize);
      await Promise.all(
        batch.map((revocation) => {
          const ttlSeconds = Math.max(1, Math.ceil(revocation.expiresAt - now / 1_000));
          return this.#publish(revocationSubject(this.#issuer, revocation), revocation, `${ttlSeconds}s`);
        }),
      );
    }
  }

  /** Hands the public keys over, as `{ keys }`. Private members must not be among them. */
  async publishKeySet(keySet: { keys: object[] }): Promise<void> {
    await this.#publish(issuerSubjects.keySet(this.#issuer), keySet);
  }

  /**
   * Tells everything there is, creating the stream if needed, and at last the epoch: whoever finds that has found all. What
   * is revoked meanwhile is told beside it. Without a key set gateways fetch it from the issuer.
   */
  async publishAll({ keySet, revocations }: IssuerKnowledge): Promise<void> {
    await ensureIssuerStream(await this.#manager(), this.#connection);
    if (keySet) await this.publishKeySet(keySet);
    await this.publishRevocations(revocations);
    await this.#publish(issuerSubjects.epoch(this.#issuer), { epoch: randomUUID(), revocations: revocations.length });
  }

  /** False when the stream or the epoch in it is gone, so that everything has to be told again. */
  async hasEpoch(): Promise<boolean> {
    const jetstream = await this.#manager();
    try {
      const epoch = await jetstream.streams.getMessage(issuerStream, {
        last_by_subj: issuerSubjects.epoch(this.#issuer),
      });
      return epoch !== null;
    } catch (error) {
      if (isNoStream(error)) return false;
      throw error;
    }
  }

  async #publish(natsSubject: NatsSubject, content: object, ttl?: string): Promise<void> {
    const jetstream = await this.#manager();
    await jetstream.jetstream().publish(natsSubject, JSON.stringify(content), {
      timeout: writeTimeoutMs,
      ...(ttl === undefined ? {} : { ttl }),
    });
  }

  #manager(): Promise<JetStreamManager> {
    return jetstreamManager(this.#connection, { checkAPI: false, timeout: writeTimeoutMs });
  }
}
