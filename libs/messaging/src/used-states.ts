import { hash } from 'node:crypto';
import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/nats-core';
import type { NatsConnection } from '@nats-io/nats-core';
import type { NatsSubject } from './subjects.ts';
import { anyToken, subjects, subjectToken } from './subjects.ts';

/** How long a `requestState` lives. */
export const requestStateMaxAgeMs = 30 * 60 * 1000;

/** A state is remembered for longer than it lives, for clocks that disagree. */
const rememberedMs = requestStateMaxAgeMs + 15 * 60 * 1000;

/** One empty entry for each `requestState` that has been used. */
export const usedStateStream = 'gh_used_states';

const writeTimeoutMs = 2_000;

/** A state that this process has taken out of circulation. */
export interface UsedState {
  /** The sequence of its entry. */
  revision: number;
}

/**
 * Remembers which request states have been used, for tools that let each be used once. The write that remembers one succeeds
 * for one process only.
 */
export class UsedStates {
  readonly #connection: NatsConnection;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  /** Creates the stream unless it exists. */
  async open(): Promise<void> {
    const jetstream = await this.#manager();
    try {
      await jetstream.streams.info(usedStateStream);
    } catch (error) {
      if (!(error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)) throw error;
      // The same configuration twice is no error: two gateways may start at once.
      await jetstream.streams.add({ ...streamConfig, num_replicas: this.#connection.info?.cluster ? 3 : 1 });
    }
  }

  /**
   * Takes a state out of circulation.
   * @param timeoutMs how long the store is waited for, at most 2 s
   * @returns undefined when it has been used before
   * @throws Error; unless it `isRefusedWrite` the state may be used up then
   */
  async use(tenant: string, requestState: string, timeoutMs = writeTimeoutMs): Promise<UsedState | undefined> {
    const jetstream = await this.#manager();
    const options = { expect: { lastSubjectSequence: 0 }, timeout: Math.min(timeoutMs, writeTimeoutMs) };
    try {
      const { seq } = await jetstream.jetstream().publish(subjectOf(tenant, requestState), '', options);
      return { revision: seq };
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence)
        return undefined;
      throw error;
    }
  }

  /** Lets a state be used again, because what it was used for did not run. */
  async release({ revision }: UsedState): Promise<void> {
    const jetstream = await this.#manager();
    await jetstream.streams.deleteMessage(usedStateStream, revision, false);
  }

  #manager(): Promise<JetStreamManager> {
    return jetstreamManager(this.#connection, { checkAPI: false, timeout: writeTimeoutMs });
  }
}

/** A digest, for a state is longer than a subject may be. Nobody can spell the same state in two ways (`StateKeys.open`). */
function subjectOf(tenant: string, requestState: string): NatsSubject {
  const digest = hash('sha256', requestState).slice(0, 40);
  return subjects.usedState({ tenant: subjectToken(tenant), digest: subjectToken(digest) });
}

const streamConfig: Partial<StreamConfig> & { name: string } = {
  name: usedStateStream,
  subjects: [subjects.usedState({ tenant: anyToken, digest: anyToken })],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  // A full stream refuses; it never forgets a state that could still be used a second time.
  discard: DiscardPolicy.New,
  max_msgs_per_subject: 1,
  max_msg_size: 1_024,
  max_bytes: 256 * 1024 * 1024,
  max_age: nanos(rememberedMs),
  allow_direct: false,
  allow_rollup_hdrs: false,
};
