import type { Instance, NatsConnection } from '@gatehouse/messaging';
import {
  BusMonitor,
  CallClient,
  collectFrame,
  connectNats,
  InstanceRegistry,
  watchCatalog,
} from '@gatehouse/messaging';
import type { CatalogView } from '@gatehouse/messaging';
import { MetaKey, modernVersion } from '@gatehouse/protocol';
import type { Principal, ServerDefinitions } from '@gatehouse/protocol';
import { createLogger } from '@gatehouse/runtime';
import { setTimeout as sleep } from 'node:timers/promises';

/** What one call came to. */
interface RelayedAnswer {
  instance: string;
  result?: Record<string, unknown>;
  error?: { code: number; message: string };
}

const tenant = 'default';
const callTimeoutMs = 30_000;

const principal: Principal = {
  tenant,
  issuer: 'http://localhost:4000',
  accountId: 'test-account',
  oauthClientId: 'test-client',
  scopes: ['mcp'],
  roles: [],
  tokenId: 'test-token',
  expiresAt: 4_102_444_800,
};

/** The gateway's end of the bus without HTTP: finds the instances of real workers and calls them. */
export class GatewaySide {
  readonly #connection: NatsConnection;
  readonly #catalog: CatalogView;
  readonly #bus: BusMonitor;
  readonly #calls: CallClient;
  readonly #registry: InstanceRegistry;

  private constructor(connection: NatsConnection, catalog: CatalogView, logger: ReturnType<typeof createLogger>) {
    this.#connection = connection;
    this.#catalog = catalog;
    this.#bus = new BusMonitor(connection, logger);
    this.#calls = new CallClient(connection, this.#bus, logger);
    this.#registry = new InstanceRegistry(connection, this.#calls, this.#bus, logger);
    this.#bus.start();
  }

  static async open(url: string, identity: { user?: string; password?: string } = {}): Promise<GatewaySide> {
    const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
    const connection = await connectNats({
      servers: url,
      ...identity,
      name: 'test',
      inboxPrefix: '_INBOX_gateway',
      logger,
    });
    return new GatewaySide(connection, await watchCatalog(connection, logger), logger);
  }

  /** What the newest worker of a server announced. */
  definitions(server: string): ServerDefinitions | undefined {
    return this.#newest(server)?.definitions;
  }

  /** Instances of a server that may get calls now. */
  instances(server: string): string[] {
    return [...this.#ready(server)].map(({ address }) => address.instance);
  }

  /** Waits until a server has exactly this many instances that may get calls. */
  async waitForInstances(server: string, count: number, timeoutMs = 15_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!this.#bus.carries || this.instances(server).length !== count) {
      if (performance.now() > deadline) {
        throw new Error(`${server} has ${this.instances(server).length} instances, not ${count}`);
      }
      await sleep(20);
    }
  }

  /** Calls a tool of one of the server's instances, chosen as a gateway does; what was not executed is tried elsewhere. */
  async callTool(server: string, name: string, toolArguments: object): Promise<RelayedAnswer> {
    const digest = this.#newest(server)?.digest ?? '';
    const meta = { [MetaKey.protocolVersion]: modernVersion, [MetaKey.clientCapabilities]: {} };
    const params = { name, arguments: toolArguments, _meta: meta };
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }));
    const timeouts = { timeoutMs: callTimeoutMs, maxCallMs: callTimeoutMs };
    const request = { digest, method: 'tools/call', name, principal, body, ...timeouts };
    const tried = new Set<Instance>();
    for (;;) {
      const instance = this.#registry.pick(tenant, server, digest, tried);
      if (!instance) throw new Error(`${server} has no instance that takes the call`);
      tried.add(instance);
      instance.inFlight++;
      const outcome = await this.#calls.call(instance.address, request, () => {}, new AbortController().signal);
      instance.inFlight--;
      if (outcome.kind === 'refused' || outcome.kind === 'unreachable') continue;
      if (outcome.kind !== 'answered') throw new Error(`the call ended ${outcome.kind}`);
      const { body: answerBody } = await collectFrame(outcome.frame, 64 * 1024 * 1024);
      const answer = JSON.parse(Buffer.from(answerBody).toString()) as Omit<RelayedAnswer, 'instance'>;
      return { ...answer, instance: instance.address.instance };
    }
  }

  async close(): Promise<void> {
    this.#bus.close();
    await this.#calls.close();
    this.#registry.close();
    this.#catalog.close();
    await this.#connection.close();
  }

  #newest(server: string) {
    return this.#catalog.servers().find((announced) => announced.tenant === tenant && announced.name === server)
      ?.versions[0];
  }

  #ready(server: string): Set<Instance> {
    const found = new Set<Instance>();
    const digest = this.#newest(server)?.digest;
    for (;;) {
      const instance = digest === undefined ? undefined : this.#registry.pick(tenant, server, digest, found);
      if (!instance) return found;
      found.add(instance);
    }
  }
}
