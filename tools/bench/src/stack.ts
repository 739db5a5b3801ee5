import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { inboxPrefix, IssuerPublisher, rolePermissions } from '@gatehouse/messaging';
import { findFreePort, makeTemporaryFolder, startEmbeddedNats } from '@gatehouse/start';
import type { NatsIdentity } from '@gatehouse/start';
import { connect } from '@nats-io/transport-node';
import { ChildProcesses } from './child-processes.ts';
import { startTokenIssuer } from './token-issuer.ts';
import type { TokenIssuer } from './token-issuer.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const everything = { publish: { allow: ['>'] }, subscribe: { allow: ['>'] } };

/** A gateway that is ready. */
export interface StartedGateway {
  pid: number;
  url: string;
  /** An access token for the endpoint of one server, of an account of its own. */
  issueToken(server: string): Promise<string>;
  endpoint(server: string): string;
}

/**
 * What the processes of one section run on: a NATS with the identities of a deployment, and an issuer of access tokens.
 * Every section has its own, so that none finds what another left in a process.
 */
export class Stack implements AsyncDisposable {
  readonly processes = new ChildProcesses();
  readonly issuer: TokenIssuer;
  readonly #disposal: AsyncDisposableStack;
  readonly #natsUrl: string;
  readonly #identities: Identities;
  readonly #stateKeys = randomBytes(32).toString('base64');

  private constructor(disposal: AsyncDisposableStack, issuer: TokenIssuer, natsUrl: string, identities: Identities) {
    this.#disposal = disposal;
    this.issuer = issuer;
    this.#natsUrl = natsUrl;
    this.#identities = identities;
    disposal.defer(() => this.processes.stop());
  }

  /** @param servers the MCP servers whose workers will be started */
  static async start(servers: string[]): Promise<Stack> {
    await using started = new AsyncDisposableStack();
    const folder = makeTemporaryFolder('gatehouse-bench-');
    started.defer(() => folder.remove());
    const identities = makeIdentities(servers);
    const nats = await startEmbeddedNats({
      dataDir: folder.path,
      durable: false,
      identities: Object.values(identities),
    });
    started.defer(() => nats.stop());
    const issuer = await startTokenIssuer();
    await tellGateways(nats.url, identities.issuer, issuer.issuer);
    started.defer(() => issuer.close());
    return new Stack(started.move(), issuer, nats.url, identities);
  }

  /** Starts the built gateway, authentication on. */
  async startGateway(settings: NodeJS.ProcessEnv = {}): Promise<StartedGateway> {
    const [port, adminPort] = [await findFreePort(), await findFreePort()];
    const { pid } = await this.processes.startApp(path.join(root, 'dist/apps/gateway/main.js'), adminPort, {
      ...this.busOf('gateway'),
      GATEHOUSE_STATE_KEYS: this.#stateKeys,
      GATEWAY_PORT: String(port),
      GATEWAY_ADMIN_PORT: String(adminPort),
      AUTH_ISSUER: this.issuer.issuer,
      // One caller stands for all of them.
      GATEWAY_MAX_CALLS_PER_PRINCIPAL: '10000',
      ...settings,
    });
    return {
      pid,
      url: `http://127.0.0.1:${port}`,
      endpoint: (server) => `http://127.0.0.1:${port}/mcp/${server}`,
      issueToken: (server) =>
        this.issuer.issue(`http://localhost:${port}/mcp/${server}`, ['mcp', `${server}:read`, `${server}:write`]),
    };
  }

  /** Starts one of the benchmark's own workers on `libs/worker`. */
  async startWorker(name: 'echo-worker' | 'list-worker', settings: NodeJS.ProcessEnv = {}): Promise<void> {
    const adminPort = await findFreePort();
    await this.processes.startApp(decorated(name), adminPort, {
      ...this.busOf('worker'),
      GATEHOUSE_STATE_KEYS: this.#stateKeys,
      WORKER_ADMIN_PORT: String(adminPort),
      ...settings,
    });
  }

  /** How a role connects. */
  busOf(role: keyof Identities): NodeJS.ProcessEnv {
    const { user, password } = this.#identities[role];
    return { NATS_URL: this.#natsUrl, NATS_USER: user, NATS_PASSWORD: password };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#disposal.disposeAsync();
  }
}

/** The compiled form of a file of `decorated`: decorators are the one thing that Node does not strip away. */
export function decorated(name: string): string {
  return path.join(root, `dist/tools/bench/decorated/${name}.js`);
}

/** What an authorization server would have said before a gateway starts: that nothing is revoked. */
async function tellGateways(servers: string, { user, password }: NatsIdentity, issuer: string): Promise<void> {
  const prefix = inboxPrefix({ role: 'authorization-server' });
  const connection = await connect({ servers, user, pass: password, inboxPrefix: prefix });
  await new IssuerPublisher(connection, issuer).publishAll({ revocations: [] });
  await connection.close();
}

type Identities = Record<'gateway' | 'worker' | 'issuer' | 'bareLoop', NatsIdentity>;

function makeIdentities(servers: string[]): Identities {
  const identity = (user: string, permissions: NatsIdentity['permissions']) => ({
    user,
    password: randomBytes(24).toString('base64url'),
    permissions,
  });
  return {
    gateway: identity('gateway', rolePermissions({ role: 'gateway' })),
    worker: identity('worker', rolePermissions({ role: 'worker', tenant: 'default', servers })),
    issuer: identity('issuer', rolePermissions({ role: 'authorization-server' })),
    bareLoop: identity('bare-loop', everything),
  };
}
