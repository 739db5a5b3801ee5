import type { ServerDefinitions } from '@gatehouse/protocol';
import type { Logger } from '@gatehouse/runtime';
import type { NatsConnection } from '@nats-io/transport-node';
import type { CallHandler } from './call.ts';

/** One server that this process offers: what it announces and who answers its calls. */
export interface ServedServer {
  definitions: ServerDefinitions;
  handler: CallHandler;
}

export interface ServeCallsOptions {
  connection: NatsConnection;
  tenant: string;
  /** Name of this instance in subjects; random when absent. */
  instance?: string;
  servers: ServedServer[];
  /** Calls that run at the same time; as many again wait, and what comes beyond is refused as overloaded. */
  concurrency: number;
  /** Calls of each server that may go on as tasks at the same time; 256 when absent. */
  maxTasks?: number;
  /** How long tasks may go on when the process has been asked to end; 10 s when absent. */
  taskGraceMs?: number;
  logger: Logger;
}

/** The serving side of a worker process. */
export interface CallServer {
  readonly instance: string;
  /**
   * Settles when the definitions are stored, the subscriptions stand and the first beat is out.
   * Rejects with a StartError when definitions are invalid or NATS denies this identity what it needs.
   */
  readonly ready: Promise<void>;
  /** What is missing for readiness; undefined when all is well. */
  unreadyReason(): string | undefined;
  /** Calls that run or wait, and results that wait for their readers. */
  inFlight(): number;
  /**
   * Offers other definitions of a server from now on, stored before any gateway hears of them. Calls of the ones before are
   * answered by their own handler. One replacement of a server at a time.
   * @throws StartError when the definitions break the catalog's rules
   */
  replace(served: ServedServer): Promise<void>;
  /**
   * Takes no new calls (they are refused as not executed, so that the gateway picks another instance), finishes those
   * it has and its tasks (those that take too long are told to stop), then leaves the registry. The connection stays open.
   */
  drain(): Promise<void>;
}
