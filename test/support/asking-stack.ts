import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rolePermissions } from '@gatehouse/messaging';
import type { NatsRole } from '@gatehouse/messaging';
import { findFreePort, makeTemporaryFolder, startEmbeddedNats } from '@gatehouse/start';
import type { NatsIdentity } from '@gatehouse/start';
import { startAppProcess } from './app-process.ts';
import type { AppProcess } from './app-process.ts';
import { startTokenIssuer } from './token-issuer.ts';

const server = 'asking';
const scopes = ['mcp', `${server}:read`, `${server}:write`];
const publicUrl = 'http://gatehouse.test';
const root = path.resolve(import.meta.dirname, '../..');

/** Two gateways and two workers that ask their client, each a process of its own. */
export interface AskingStack {
  /** `/mcp/asking` of each gateway. */
  urls: [string, string];
  workers: AppProcess[];
  /** Starts one more worker. */
  startWorker(): Promise<AppProcess>;
  /** A token of another account each time. */
  issueToken(): Promise<string>;
  /** What ran, as `what:id`, and where. */
  runs(): { what: string; pid: number }[];
  stop(): Promise<void>;
}

/** Starts it all on ephemeral loopback ports. */
export async function startAskingStack(): Promise<AskingStack> {
  build();
  const folder = makeTemporaryFolder('gatehouse-asking-');
  const cleanUps: (() => unknown)[] = [() => folder.remove()];
  const identities = {
    gateway: identityOf({ role: 'gateway' }),
    worker: identityOf({ role: 'worker', tenant: 'default', servers: [server] }),
  };
  const nats = await startEmbeddedNats({
    dataDir: folder.path,
    durable: false,
    identities: Object.values(identities),
  });
  cleanUps.push(() => nats.stop());
  const issuer = await startTokenIssuer();
  cleanUps.push(() => issuer.close());

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
    await start('dist/apps/gateway/main.js', 'GATEWAY_ADMIN_PORT', environment);
    return `http://127.0.0.1:${port}/mcp/${server}`;
  };
  const runLogFile = path.join(folder.path, 'runs');
  writeFileSync(runLogFile, '');
  const workerEnvironment = { ...environmentOf(nats.url, identities.worker), RUN_LOG_FILE: runLogFile };
  const startWorker = () => start('dist/test/system/asking-worker/main.js', 'WORKER_ADMIN_PORT', workerEnvironment);
  const urls: [string, string] = [await startGateway(), await startGateway()];
  const workers = [await startWorker(), await startWorker()];
  return {
    urls,
    workers,
    startWorker,
    issueToken: () => issuer.issue(`${publicUrl}/mcp/${server}`, scopes),
    runs: () =>
      readFileSync(runLogFile, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const [what = '', pid] = line.split(' ');
          return { what, pid: Number(pid) };
        }),
    stop: async () => {
      for (const cleanUp of cleanUps.toReversed()) await cleanUp();
    },
  };
}

function build(): void {
  const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
  const parameters = [compiler, '-b', 'apps/gateway', 'test/system/asking-worker'];
  const { status, stdout } = spawnSync(process.execPath, parameters, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the build failed:\n${stdout}`);
}

function identityOf(role: NatsRole): NatsIdentity {
  return { user: role.role, password: randomBytes(24).toString('base64url'), permissions: rolePermissions(role) };
}

/** What replicas of one role share. */
function environmentOf(natsUrl: string, { user, password }: NatsIdentity): NodeJS.ProcessEnv {
  const stateKey = randomBytes(32).toString('base64');
  return { NATS_URL: natsUrl, NATS_USER: user, NATS_PASSWORD: password, GATEHOUSE_STATE_KEYS: stateKey };
}
