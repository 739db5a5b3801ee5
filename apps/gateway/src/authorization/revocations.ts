import { RevocationView } from '@gatehouse/auth';
import { IssuerFeed } from '@gatehouse/messaging';
import type { FeedState, NatsConnection } from '@gatehouse/messaging';
import { ErrorCode, gatehouseError } from '@gatehouse/protocol';
import type { JsonRpcError, Principal } from '@gatehouse/protocol';
import type { Logger } from '@gatehouse/runtime';
import { newTraceId } from '@gatehouse/runtime';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { GatewaySettings } from '../config.ts';
import { LOGGER, NATS_CONNECTION, SETTINGS } from '../injection-tokens.ts';

const sweepIntervalMs = 10_000;

/** Revocations are told for longer than this; after a longer gap some may have come and gone. */
const longestGapMs = 5 * 60_000;

/** Hears that what these principals began is to end. */
type RevocationListener = (isOver: (principal: Principal) => boolean) => void;

/** What of the issuer's tokens is revoked, as far as this gateway has heard, and whether it hears. */
@Injectable()
export class Revocations implements OnApplicationShutdown {
  readonly #settings: GatewaySettings;
  readonly #logger: Logger;
  readonly #connection: NatsConnection;
  readonly #view = new RevocationView();
  readonly #listeners: RevocationListener[] = [];
  #feed: IssuerFeed | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #isTelling = false;

  constructor(
    @Inject(SETTINGS) settings: GatewaySettings,
    @Inject(LOGGER) logger: Logger,
    @Inject(NATS_CONNECTION) connection: NatsConnection,
  ) {
    this.#settings = settings;
    this.#logger = logger;
    this.#connection = connection;
  }

  /** Begins to follow the issuer, unless it is one that tells nothing. `onKeySet` receives the keys that it hands over. */
  follow(onKeySet: (keySet: unknown) => void): void {
    if (this.#settings.GATEWAY_REVOCATIONS === 'off') return;
    this.#feed = new IssuerFeed(this.#connection, this.#settings.AUTH_ISSUER, this.#logger, {
      onKeySet,
      onRevoked: (revocation) => {
        this.#view.add(revocation);
        this.#tellSoon();
      },
      onCurrent: (unknownForMs) => {
        if (unknownForMs > longestGapMs) this.#tell(hasExpired);
      },
    });
    this.#sweep = setInterval(() => this.#view.dropExpired(Date.now() / 1_000), sweepIntervalMs);
    this.#sweep.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#sweep);
    this.#feed?.close();
  }

  /** How many revocations hit tokens that have not expired. */
  get size(): number {
    return this.#view.size;
  }

  /** How much is known; `off` for an issuer that tells nothing. */
  get state(): FeedState | 'off' {
    return this.#feed?.state ?? 'off';
  }

  isRevoked(principal: Principal): boolean {
    return this.#view.isRevoked(principal);
  }

  /** A short sentence for the readiness probe; undefined when all is well. */
  unreadyReason(): string | undefined {
    if (this.#feed?.state === 'incomplete') return 'the revocations of the issuer were not read yet';
    return this.#refuses ? 'the revocations of the issuer are not heard of any more' : undefined;
  }

  /** @throws JsonRpcError -31009 when a revoked token could pass, unless the settings allow that */
  requireKnown(): void {
    if (this.#refuses) throw unknownRevocations();
  }

  /** Calls `listener` after every revocation, and after a gap in which one may have been missed. */
  onRevoked(listener: RevocationListener): void {
    this.#listeners.push(listener);
  }

  get #refuses(): boolean {
    return (
      this.#feed !== undefined && this.#feed.state !== 'current' && this.#settings.GATEWAY_REVOCATIONS === 'required'
    );
  }

  /** They come by the hundred when the stream is read. */
  #tellSoon(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    setImmediate(() => {
      this.#isTelling = false;
      this.#tell((principal) => this.#view.isRevoked(principal));
    });
  }

  #tell(isOver: (principal: Principal) => boolean): void {
    for (const listener of this.#listeners) listener(isOver);
  }
}

/** What a token began may outlive it only as long as its revocation would be heard. */
function hasExpired({ expiresAt }: Principal): boolean {
  return expiresAt * 1_000 <= Date.now();
}

function unknownRevocations(): JsonRpcError {
  const data = { executed: 'no', retryable: true, retryAfterMs: 1_000, traceId: newTraceId() } as const;
  return gatehouseError(ErrorCode.dependencyUnavailable, 'Nobody can say now whether the token is revoked', data);
}
