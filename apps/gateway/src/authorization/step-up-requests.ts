import { requestStepUp } from '@gatehouse/messaging';
import type { NatsConnection } from '@gatehouse/messaging';
import type { Principal } from '@gatehouse/protocol';
import type { Logger } from '@gatehouse/runtime';
import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, NATS_CONNECTION } from '../injection-tokens.ts';
import { logStepUpNotAsked } from './events.ts';

/** A challenge waits no longer than this: without an answer it is sent all the same. */
const timeoutMs = 500;
/** A client that is challenged again within this time has not refreshed yet, or will not. */
const restMs = 10_000;
const maxRemembered = 10_000;

/**
 * Asks the authorization server to lead a client to new scopes that would only refresh its token. The challenge waits for
 * the answer, for the client's refresh follows it at once.
 */
@Injectable()
export class StepUpRequests {
  readonly #connection: NatsConnection;
  readonly #logger: Logger;
  /** By grant: when it was asked for. */
  readonly #asked = new Map<string, number>();

  constructor(@Inject(NATS_CONNECTION) connection: NatsConnection, @Inject(LOGGER) logger: Logger) {
    this.#connection = connection;
    this.#logger = logger;
  }

  /** Never rejects: a client that is not led sees the challenge alone. */
  async ask({ tenant, grantId, oauthClientId }: Principal, scopes: string[]): Promise<void> {
    if (grantId === undefined || !this.#isDue(grantId)) return;
    try {
      await requestStepUp(this.#connection, { tenant, grantId, oauthClientId, scopes }, timeoutMs);
    } catch (error) {
      logStepUpNotAsked(this.#logger, error);
    }
  }

  #isDue(grantId: string): boolean {
    const now = performance.now();
    if (now - (this.#asked.get(grantId) ?? Number.NEGATIVE_INFINITY) < restMs) return false;
    if (this.#asked.size >= maxRemembered) this.#asked.clear();
    this.#asked.set(grantId, now);
    return true;
  }
}
