import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { rolePermissions } from '@gatehouse/messaging';
import type { NatsRole } from '@gatehouse/messaging';
import { findFreePort, makeTemporaryFolder, startEmbeddedNats } from '@gatehouse/start';
import type { NatsIdentity } from '@gatehouse/start';
import { ChildProcesses } from './child-processes.ts';
import type { Target } from './measure.ts';
import { startTokenIssuer } from './token-issuer.ts';
import type { TokenIssuer } from './token-issuer.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const server = 'bench';
const anything = { publish: { allow: ['>'] }, subscribe: { allow: ['>'] } };

/** Everything that is measured, running. */
export interface Stack {
  targets: Target[];
  stop(): Promise<void>;
}

/** Starts NATS, the gateway with its worker and its issuer, and the peers; every port is an ephemeral one. */
export async function startStack(): Promise<Stack> {
  const folder = makeTemporaryFolder('gatehouse-bench-');
  const identities = {
    gateway: identityOf({ role: 'gateway' }),
    worker: identityOf({ role: 'worker', tenant: 'default', servers: [server] }),
    bareLoop: { user: 'bare-loop', password: newPassword(), permissions: anything },
  };
  const nats = await startEmbeddedNats({
    dataDir: folder.path,
    durable: false,
    identities: Object.values(identities),
  });
  const issuer = await startTokenIssuer();
  const processes = new ChildProcesses();
  const stop = async () => {
    await processes.stop();
    issuer.close();
    await nats.stop();
    folder.remove();
  };
  try {
    const bus = { NATS_URL: nats.url };
    const gateway = await startGateway(processes, issuer, {
      gateway: { ...bus, ...credentials(identities.gateway) },
      worker: { ...bus, ...credentials(identities.worker) },
    });
    return {
      targets: [
        gateway,
        await startOfficialServer(processes),
        await startBareLoop(processes, bus, identities.bareLoop),
      ],
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startGateway(
  processes: ChildProcesses,
  issuer: TokenIssuer,
  bus: { gateway: NodeJS.ProcessEnv; worker: NodeJS.ProcessEnv },
): Promise<Target> {
  const [port, adminPort, workerAdminPort] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const { pid } = await processes.startApp(path.join(root, 'dist/apps/gateway/main.js'), adminPort, {
    ...bus.gateway,
    GATEWAY_PORT: String(port),
    GATEWAY_ADMIN_PORT: String(adminPort),
    AUTH_ISSUER: issuer.issuer,
  });
  await processes.startApp(path.join(root, 'dist/tools/bench/echo-worker/main.js'), workerAdminPort, {
    ...bus.worker,
    WORKER_ADMIN_PORT: String(workerAdminPort),
  });
  const resource = `http://localhost:${port}/mcp/${server}`;
  const accessToken = await issuer.issue(resource, ['mcp', `${server}:read`]);
  return { name: 'gateway', url: `http://127.0.0.1:${port}/mcp/${server}`, pid, accessToken };
}

async function startOfficialServer(processes: ChildProcesses): Promise<Target> {
  const { pid, port } = await processes.startPeer(peer('official-server.ts'), {});
  return { name: 'official server', url: `http://127.0.0.1:${port}/mcp`, pid };
}

async function startBareLoop(
  processes: ChildProcesses,
  bus: NodeJS.ProcessEnv,
  identity: NatsIdentity,
): Promise<Target> {
  const environment = { ...bus, ...credentials(identity) };
  await processes.startPeer(peer('bare-worker.ts'), environment);
  const { pid, port } = await processes.startPeer(peer('bare-gateway.ts'), environment);
  // It looks a token up as every gateway must, and believes any.
  return { name: 'bare loop', url: `http://127.0.0.1:${port}/mcp`, pid, accessToken: newPassword() };
}

function peer(file: string): string {
  return path.join(import.meta.dirname, 'peers', file);
}

function identityOf(role: NatsRole): NatsIdentity {
  return { user: role.role, password: newPassword(), permissions: rolePermissions(role) };
}

/** Of one process: replicas would share the key. */
function credentials({ user, password }: NatsIdentity): NodeJS.ProcessEnv {
  return { NATS_USER: user, NATS_PASSWORD: password, GATEHOUSE_STATE_KEYS: randomBytes(32).toString('base64') };
}

function newPassword(): string {
  return randomBytes(24).toString('base64url');
}
