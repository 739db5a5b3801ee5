import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { rolePermissions } from '@gatehouse/messaging';
import { findFreePort, makeTemporaryFolder, startEmbeddedNats, startEmbeddedPostgres } from '@gatehouse/start';
import { ChildProcesses } from '../child-processes.ts';
import type { AuthTarget } from './person.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const built = path.join(root, 'dist/apps/authorization-server');
const accounts = 16;
const redirectUri = 'http://127.0.0.1:33418/callback';
const resource = 'http://localhost:3000/mcp';

/** An authorization server that is ready, and the processes that it takes. */
interface StartedTarget {
  target: AuthTarget;
  pid: number;
  /** Of its database; undefined for one that has none. */
  databasePid: number | undefined;
}

/** What is compared: the built authorization server on its own PostgreSQL, durable, and NATS; and the bare provider. */
export class AuthStack implements AsyncDisposable {
  readonly gatehouse: StartedTarget;
  readonly bare: StartedTarget;
  readonly #disposal: AsyncDisposableStack;

  private constructor(disposal: AsyncDisposableStack, gatehouse: StartedTarget, bare: StartedTarget) {
    this.#disposal = disposal;
    this.gatehouse = gatehouse;
    this.bare = bare;
  }

  static async start(): Promise<AuthStack> {
    await using started = new AsyncDisposableStack();
    const folder = makeTemporaryFolder('gatehouse-bench-auth-');
    started.defer(() => folder.remove());
    const identity = {
      user: 'authorization-server',
      password: randomBytes(24).toString('base64url'),
      permissions: rolePermissions({ role: 'authorization-server' }),
    };
    const nats = await startEmbeddedNats({ dataDir: folder.path, durable: false, identities: [identity] });
    started.defer(() => nats.stop());
    const postgres = await startEmbeddedPostgres({ dataDir: path.join(folder.path, 'postgres') });
    started.defer(() => postgres.stop());
    const processes = new ChildProcesses();
    started.defer(() => processes.stop());
    const gatehouse = await startGatehouse(processes, folder.path, {
      DATABASE_URL: postgres.url,
      NATS_URL: nats.url,
      NATS_USER: identity.user,
      NATS_PASSWORD: identity.password,
    });
    const bare = await startBareProvider(processes);
    return new AuthStack(started.move(), { ...gatehouse, databasePid: postgres.pid }, bare);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#disposal.disposeAsync();
  }
}

async function startGatehouse(processes: ChildProcesses, folder: string, services: NodeJS.ProcessEnv) {
  const [port, adminPort] = [await findFreePort(), await findFreePort()];
  const issuer = `http://127.0.0.1:${port}`;
  const password = randomBytes(12).toString('base64url');
  const environment = { ...services, GATEHOUSE_ENCRYPTION_KEY: randomBytes(32).toString('base64') };
  const { pid } = await processes.startApp(path.join(built, 'main.js'), adminPort, {
    ...environment,
    GATEHOUSE_ADMIN_PASSWORD: password,
    GATEWAY_PUBLIC_URL: new URL(resource).origin,
    AUTH_ISSUER: issuer,
    AUTH_PORT: String(port),
    AUTH_ADMIN_PORT: String(adminPort),
  });
  const emails = declareAccounts(folder, { ...environment, BENCH_PASSWORD: password });
  const oauthClientId = await register(issuer);
  return { pid, target: { issuer, emails, password, oauthClientId, redirectUri, resource, parameters: {} } };
}

/** Makes an account for each of the people, as an operator does. */
function declareAccounts(folder: string, environment: NodeJS.ProcessEnv): string[] {
  const emails = Array.from({ length: accounts }, (_, index) => `person-${index}@localhost`);
  const file = path.join(folder, 'accounts.json');
  const declared = emails.map((email) => ({ email, initial_password: 'env:BENCH_PASSWORD' }));
  writeFileSync(file, JSON.stringify({ version: 1, accounts: declared }));
  const env = { ...process.env, ...environment };
  const { status } = spawnSync(process.execPath, [path.join(built, 'cli.js'), 'apply', file], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('the accounts could not be made');
  return emails;
}

async function register(issuer: string): Promise<string> {
  const response = await fetch(`${issuer}/reg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: 'Benchmark', redirect_uris: [redirectUri] }),
  });
  const { client_id: oauthClientId } = (await response.json()) as { client_id?: string };
  if (oauthClientId === undefined) throw new Error(`registration answered ${response.status}`);
  return oauthClientId;
}

/** It asks for consent each time, as Gatehouse does for a client on a loopback port. */
async function startBareProvider(processes: ChildProcesses): Promise<StartedTarget> {
  const { pid, port } = await processes.startPeer(path.join(import.meta.dirname, 'bare-provider.ts'), {});
  const issuer = `http://127.0.0.1:${port}`;
  const parameters = { prompt: 'consent' };
  const target = { issuer, emails: [], password: '', oauthClientId: 'bench', redirectUri, resource, parameters };
  return { pid, databasePid: undefined, target };
}
