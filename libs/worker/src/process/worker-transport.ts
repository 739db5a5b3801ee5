import { connectNats, inboxPrefix, serveCalls } from '@gatehouse/messaging';
import type { CallServer, NatsConnection } from '@gatehouse/messaging';
import type { Logger, StateKeys } from '@gatehouse/runtime';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { AnnouncedChanges, snapshot } from '../changes/announce-changes.ts';
import { createCallHandler } from '../server/answer-call.ts';
import type { PreparedServer } from '../server/prepared-server.ts';
import { observeCalls } from '../telemetry/observe-calls.ts';
import { callsInFlight } from '../telemetry/worker-metrics.ts';

/** Until there are tenants, every server is offered to this one. */
const tenant = 'default';

/** Where a worker serves and how much at once. */
export interface TransportOptions {
  nats: { url: string; user?: string | undefined; password?: string | undefined };
  /** Calls that run at the same time. */
  concurrency: number;
  /** Seal what calls keep between two rounds: the same on all workers of a server. */
  stateKeys: StateKeys;
  /** Tasks of each server that run at the same time. */
  maxTasks?: number;
  /** When a call that still runs becomes a task, where tool and client allow it, in milliseconds. */
  taskAfterMs?: number;
  /** How long tasks may go on when the process has been asked to end, in milliseconds. */
  taskGraceMs?: number;
  logger: Logger;
}

/** Nest's shell around the call server of `@gatehouse/messaging`: subjects, frames and leases are not Nest's business. */
export class WorkerTransport implements CustomTransportStrategy {
  readonly #servers: PreparedServer[];
  readonly #options: TransportOptions;
  #connection: NatsConnection | undefined;
  #callServer: CallServer | undefined;
  #changes: AnnouncedChanges[] = [];
  readonly #forgetMetric = callsInFlight.addSource(() => [[[], this.#callServer?.inFlight() ?? 0]]);

  constructor(servers: PreparedServer[], options: TransportOptions) {
    this.#servers = servers;
    this.#options = options;
  }

  async listen(callback: (error?: unknown) => void): Promise<void> {
    const failure = await this.#serve().catch((error: unknown) => error);
    callback(failure);
  }

  /** Finishes the calls in flight, takes no new ones and leaves the bus. */
  async close(): Promise<void> {
    await this.#callServer?.drain();
    for (const changes of this.#changes) changes.close();
    this.#forgetMetric();
    await this.#connection?.drain();
  }

  /** The instance id that gateways see; undefined before `listen`. */
  get instance(): string | undefined {
    return this.#callServer?.instance;
  }

  /** Why this worker gets no calls now, in a short sentence; undefined when it does. */
  findUnready(): string | undefined {
    return this.#callServer ? this.#callServer.unreadyReason() : 'not announced yet';
  }

  async #serve(): Promise<void> {
    const { nats, concurrency, stateKeys, maxTasks, taskAfterMs, taskGraceMs, logger } = this.#options;
    const handling = { logger, stateKeys, ...(taskAfterMs !== undefined && { taskAfterMs }) };
    const names = this.#servers.map(({ definitions }) => definitions.server);
    this.#connection = await connectNats({
      servers: nats.url,
      user: nats.user,
      password: nats.password,
      name: `worker ${names.join(', ')}`,
      inboxPrefix: inboxPrefix({ role: 'worker', tenant, servers: names }),
      logger,
    });
    const connection = this.#connection;
    const served = this.#servers.map((server) => ({
      server,
      handler: observeCalls(server.definitions.server, createCallHandler(server, handling)),
    }));
    const callServer = serveCalls({
      connection,
      tenant,
      servers: served.map(({ server, handler }) => ({ definitions: snapshot(server.definitions), handler })),
      concurrency,
      ...(maxTasks !== undefined && { maxTasks }),
      ...(taskGraceMs !== undefined && { taskGraceMs }),
      logger,
    });
    this.#callServer = callServer;
    const announcing = { connection, callServer, tenant, logger };
    this.#changes = served.map(({ server, handler }) => new AnnouncedChanges(server, handler, announcing));
    void this.#watchConnection(connection);
    await callServer.ready;
  }

  /** What was said while the connection broke is lost. */
  async #watchConnection(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type !== 'reconnect') continue;
      for (const changes of this.#changes) changes.announceAll();
    }
  }
}
