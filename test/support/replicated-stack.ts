import { randomBytes } from 'node:crypto';
import { rolePermissions } from '@gatehouse/messaging';
import type { NatsRole } from '@gatehouse/messaging';
import { findFreePort, makeTemporaryFolder, startEmbeddedNats } from '@gatehouse/start';
import type { NatsIdentity } from '@gatehouse/start';
import { startAppProcess } from './app-process.ts';
import type { AppProcess } from './app-process.ts';
import { buildProjects } from './build-projects.ts';
import { tellGateways } from './tell-gateways.ts';
import { startTokenIssuer } from './token-issuer.ts';

const publicUrl = 'http://gatehouse.test';

/** Which worker the stack has. */
interface ReplicatedStackOptions {
  /** Name of its server. */
  server: string;
  /** Folder of the worker's project, relative to the root. */
  worker: string;
  /** More of the worker's environment, with the stack's own folder at hand. */
  workerEnvironment?: (folder: string) => NodeJS.ProcessEnv;
}

/** Two gateways and two workers, each a process of its own, with the identities of a deployment. */
export interface ReplicatedStack {
  /** `/mcp/<server>` of each gateway. */
  urls: [string, string];
  gateways: [AppProcess, AppProcess];
  workers: AppProcess[];
  /** Starts one more worker. */
  startWorker(): Promise<AppProcess>;
  /** A token of another account each time, unless told which. */
  issueToken(accountId?: string): Promise<string>;
  killNats(): Promise<void>;
  startNats(): Promise<void>;
  stop(): Promise<void>;
}

/** Builds what it needs and starts it all on ephemeral loopback ports; NATS keeps what it has acknowledged. */
export async function startReplicatedStack(options: ReplicatedStackOptions): Promise<ReplicatedStack> {
  const { server, worker } = options;
  buildProjects('apps/gateway', worker);
  const folder = makeTemporaryFolder(`gatehouse-${server}-`);
  const cleanUps: (() => unknown)[] = [() => folder.remove()];
  const identities = {
    gateway: identityOf({ role: 'gateway' }),
    issuer: identityOf({ role: 'authorization-server' }),
    worker: identityOf({ role: 'worker', tenant: 'default', servers: [server] }),
  };
  const natsOptions = {
    dataDir: folder.path,
    port: await findFreePort(),
    durable: true,
    identities: Object.values(identities),
  };
  let nats = await startEmbeddedNats(natsOptions);
  cleanUps.push(() => nats.stop());
  const issuer = await startTokenIssuer();
  cleanUps.push(() => issuer.close());
  await (await tellGateways(nats.url, issuer.issuer, identities.issuer)).close();

  const start = async (program: string, adminPort: string, environment: NodeJS.ProcessEnv) => {
    const started = await startAppProcess(program, adminPort, environment);
    cleanUps.push(() => started.stop());
    return started;
  };
  const gatewayEnvironment = {
    ...environmentOf(nats.url, identities.gateway),
    GATEWAY_PUBLIC_URL: publicUrl,
    AUTH_ISSUER: issuer.issuer,
    GATEWAY_ALLOWED_HOSTS: '127.0.0.1',
  };
  const startGateway = async () => {
    const port = await findFreePort();
    const environment = { ...gatewayEnvironment, GATEWAY_PORT: String(port) };
    const gateway = await start('dist/apps/gateway/main.js', 'GATEWAY_ADMIN_PORT', environment);
    return { gateway, url: `http://127.0.0.1:${port}/mcp/${server}` };
  };
  const workerEnvironment = {
    ...environmentOf(nats.url, identities.worker),
    ...options.workerEnvironment?.(folder.path),
  };
  const startWorker = () => start(`dist/${worker}/main.js`, 'WORKER_ADMIN_PORT', workerEnvironment);
  const [first, second] = [await startGateway(), await startGateway()];
  const workers = [await startWorker(), await startWorker()];
  return {
    urls: [first.url, second.url],
    gateways: [first.gateway, second.gateway],
    workers,
    startWorker,
    issueToken: (accountId) =>
      issuer.issue(
        `${publicUrl}/mcp/${server}`,
        ['mcp', `${server}:read`, `${server}:write`],
        accountId === undefined ? {} : { sub: accountId },
      ),
    killNats: async () => {
      process.kill(nats.pid, 'SIGKILL');
      await nats.ended;
    },
    startNats: async () => {
      nats = await startEmbeddedNats(natsOptions);
    },
    stop: async () => {
      for (const cleanUp of cleanUps.toReversed()) await cleanUp();
    },
  };
}

function identityOf(role: NatsRole): NatsIdentity {
  return { user: role.role, password: randomBytes(24).toString('base64url'), permissions: rolePermissions(role) };
}

/** What replicas of one role share. */
function environmentOf(natsUrl: string, { user, password }: NatsIdentity): NodeJS.ProcessEnv {
  const stateKey = randomBytes(32).toString('base64');
  return { NATS_URL: natsUrl, NATS_USER: user, NATS_PASSWORD: password, GATEHOUSE_STATE_KEYS: stateKey };
}
