import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@gatehouse/runtime';
import type { Msg, NatsConnection, Subscription } from '@nats-io/nats-core';
import { announceDefinitions, deniedServer } from './announce.ts';
import type { Beat } from './beat.ts';
import { beatIntervalMs, encodeBeat } from './beat.ts';
import { CallQueue } from './call-queue.ts';
import type { CallServer, ServeCallsOptions, ServedServer } from './call-server-options.ts';
import { definitionsDigest } from './definitions-digest.ts';
import { logAnnouncementFailed, logDefinitionsReplaced, logServing } from './events.ts';
import { parseServerDefinitions } from './parse-definitions.ts';
import { OutgoingReplies } from './outgoing-replies.ts';
import { ServedInstance } from './served-instance.ts';
import { answerServiceProtocol } from './service-protocol.ts';
import type { InstanceAddress } from './subjects.ts';
import { randomToken, subjects, subjectToken } from './subjects.ts';
import { subscribe } from './subscribe.ts';
import { OwnTasks } from './tasks/own-tasks.ts';

/** How often deadlines of running and waiting calls are looked at. */
const expiryIntervalMs = 100;

/** How long a drained instance at least refuses calls of gateways that have not heard of it yet. */
const lateCallsMs = 250;

/** Looks every hour whether stored definitions need to be written again before they expire. */
const refreshIntervalMs = 60 * 60 * 1000;

const defaultMaxTasks = 256;
const defaultTaskGraceMs = 10_000;

interface Offer {
  address: InstanceAddress;
  tasks: OwnTasks;
  served: ServedInstance;
  identity: { tenant: string; server: string; digest: string; previousDigest?: string };
  source: ServedServer;
}

/**
 * Announces servers and answers their calls: one subject per instance and server, a limit on what runs at once, beats
 * twice a second. Returns at once; `ready` settles when gateways can see it.
 * @throws StartError when definitions break the catalog's rules.
 */
export function serveCalls(options: ServeCallsOptions): CallServer {
  return new CallServerProcess(options);
}

class CallServerProcess implements CallServer {
  readonly instance: string;
  readonly ready: Promise<void>;
  readonly #connection: NatsConnection;
  readonly #logger: Logger;
  readonly #queue: CallQueue;
  readonly #taskGraceMs: number;
  readonly #replies = new OutgoingReplies();
  readonly #offers: Offer[];
  readonly #subscriptions: Subscription[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #state: 'starting' | Beat['state'] = 'starting';
  #connected = true;
  #drained: Promise<void> | undefined;

  constructor(options: ServeCallsOptions) {
    const token = options.instance === undefined ? randomToken(8) : subjectToken(options.instance);
    this.instance = token;
    this.#connection = options.connection;
    this.#logger = options.logger;
    this.#queue = new CallQueue(options.concurrency);
    this.#taskGraceMs = options.taskGraceMs ?? defaultTaskGraceMs;
    this.#offers = options.servers.map((source) => {
      const { server } = parseServerDefinitions(source.definitions);
      const identity = { tenant: options.tenant, server, digest: definitionsDigest(source.definitions) };
      const address = { tenant: subjectToken(options.tenant), server: subjectToken(server), instance: token };
      const { maxTasks = defaultMaxTasks } = options;
      const tasks = new OwnTasks(this.#connection, address, { maxTasks, connected: () => this.#connected });
      const served = new ServedInstance(this.#connection, identity, this.#queue, this.#replies, tasks, this.#logger);
      served.serve(identity.digest, source.handler);
      return { address, tasks, served, identity, source };
    });
    this.ready = this.#start();
    this.ready.catch(() => {}); // the caller awaits it; until then it must not count as unhandled
  }

  unreadyReason(): string | undefined {
    if (!this.#connected) return 'not connected to NATS';
    return this.#state === 'ready' ? undefined : this.#state;
  }

  inFlight(): number {
    return this.#queue.size + this.#replies.size;
  }

  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  async replace(source: ServedServer): Promise<void> {
    await this.ready;
    const { server } = parseServerDefinitions(source.definitions);
    const offer = this.#offers.find(({ identity }) => identity.server === server);
    if (!offer) throw new Error(`${server} is not served here`);
    const { tenant, digest: previousDigest } = offer.identity;
    const digest = definitionsDigest(source.definitions);
    if (digest === previousDigest) return offer.served.serve(digest, source.handler);
    const { definitions } = source;
    const replacement = { tenant, digest, definitions, replaces: previousDigest };
    await announceDefinitions(this.#connection, replacement, this.#logger);
    offer.source = source;
    offer.served.serve(digest, source.handler);
    offer.identity = { tenant, server, digest, previousDigest };
    this.#beat();
    logDefinitionsReplaced(this.#logger, { server, digest });
  }

  async #start(): Promise<void> {
    const denied = this.#subscribe();
    await Promise.race([Promise.all([this.#announce(), this.#connection.flush()]), denied]);
    if (this.#state !== 'starting') return;
    this.#state = 'ready';
    this.#beat();
    this.#every(beatIntervalMs, () => this.#beat());
    this.#every(expiryIntervalMs, () => this.#expire());
    this.#every(refreshIntervalMs, () => void this.#announceAgain());
    void this.#watchConnection();
    logServing(this.#logger, { instance: this.instance, servers: this.#offers.map(({ identity }) => identity.server) });
  }

  /** Subscribes to everything; the promise rejects if NATS denies it. */
  #subscribe(): Promise<never> {
    return new Promise((_, reject) => {
      for (const offer of this.#offers) {
        const { address, tasks, served, source, identity } = offer;
        const callSubject = subjects.call(address);
        const denied = { onDenied: (error: Error) => reject(deniedServer(identity, error)) };
        const control = (message: Msg) => served.receiveControl(message, () => this.#encodeBeat(offer.identity));
        const shown = {
          tenant: identity.tenant,
          instance: this.instance,
          definitions: source.definitions,
          callSubject,
          startedAt: new Date(),
          statistics: served.statistics,
        };
        this.#subscriptions.push(
          subscribe(this.#connection, callSubject, this.#logger, (message) => served.receiveCall(message), denied),
          subscribe(this.#connection, subjects.control(address), this.#logger, control, denied),
          subscribe(
            this.#connection,
            subjects.taskNews(address),
            this.#logger,
            (message) => tasks.receiveNews(message),
            denied,
          ),
          ...answerServiceProtocol(this.#connection, shown, this.#logger),
        );
      }
    });
  }

  async #announce(): Promise<void> {
    for (const { identity, source } of this.#offers) {
      const offer = { tenant: identity.tenant, digest: identity.digest, definitions: source.definitions };
      await announceDefinitions(this.#connection, offer, this.#logger);
    }
  }

  async #announceAgain(): Promise<void> {
    try {
      await this.#announce();
    } catch (error) {
      logAnnouncementFailed(this.#logger, error);
    }
  }

  #beat(): void {
    if (this.#connection.isClosed()) return;
    for (const { address, identity } of this.#offers) {
      this.#connection.publish(subjects.beat(address), this.#encodeBeat(identity));
    }
  }

  #encodeBeat(identity: Offer['identity']): string {
    const state = this.#state === 'starting' ? 'draining' : this.#state;
    const tasks = this.#offers.reduce((sum, offer) => sum + offer.tasks.size, 0);
    return encodeBeat({ ...identity, state, load: this.inFlight() + tasks });
  }

  #expire(): void {
    const now = Date.now();
    this.#replies.expire(now);
    for (const call of this.#queue.expire(now)) {
      const offer = this.#offers.find(({ identity }) => identity.server === call.server);
      offer?.served.refuse(call.replySubject, 'expired');
    }
  }

  async #drain(): Promise<void> {
    this.#state = 'draining';
    for (const { served } of this.#offers) served.refuseCalls();
    this.#beat();
    const tasksEnded = this.#offers.map(({ tasks }) => tasks.drain(this.#taskGraceMs));
    await Promise.all([this.#queue.whenIdle(), delay(lateCallsMs), ...tasksEnded]);
    await this.#replies.whenIdle();
    // Calls that are already on their way here are refused too, or nobody would know that they never ran.
    await Promise.allSettled(this.#subscriptions.map((subscription) => subscription.drain()));
    this.#state = 'stopped';
    for (const timer of this.#timers) clearInterval(timer);
    this.#beat();
    if (!this.#connection.isClosed()) await this.#connection.flush();
  }

  #every(intervalMs: number, action: () => void): void {
    this.#timers.push(setInterval(action, intervalMs));
  }

  /** The bus may have come back without its store: what is missing there is announced again. */
  async #watchConnection(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'disconnect') this.#connected = false;
      if (status.type !== 'reconnect') continue;
      this.#connected = true;
      this.#beat();
      void this.#announceAgain();
    }
    for (const timer of this.#timers) clearInterval(timer);
    this.#queue.abortAll();
    for (const { tasks } of this.#offers) tasks.abortAll();
    this.#replies.abortAll();
  }
}
