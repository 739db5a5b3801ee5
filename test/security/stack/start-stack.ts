import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolePermissions } from '@gatehouse/messaging';
import type { NatsRole } from '@gatehouse/messaging';
import { findFreePort, makeTemporaryFolder, startEmbeddedNats } from '@gatehouse/start';
import type { NatsIdentity } from '@gatehouse/start';
import { startAppProcess } from '../../support/app-process.ts';
import { Browser } from '../../support/authorization/browser.ts';
import { administrator, gatewayUrl, sendInTurn } from '../../support/authorization/issuer.ts';
import type { Issuer } from '../../support/authorization/issuer.ts';
import { decodeJwt, McpClient } from '../../support/authorization/mcp-client.ts';
import { startBalancer } from '../../support/balancer.ts';
import { buildProjects } from '../../support/build-projects.ts';
import { Command } from '../../support/command.ts';
import { startDocumentHost } from '../../support/document-host.ts';
import type { DocumentHost } from '../../support/document-host.ts';
import { createDatabase } from './database.ts';
import type { Database } from './database.ts';
import { fromManyAddresses } from './many-addresses.ts';
import { openForge } from './signing-key.ts';
import type { Forge } from './signing-key.ts';

/** Two authorization servers, two gateways and a worker, each a process of its own, on PostgreSQL and NATS. */
export interface SecurityStack extends Issuer {
  /** The authorization servers, each alone. */
  authorizationServers: Issuer[];
  /** `http://127.0.0.1:<port>` of each gateway. */
  gateways: string[];
  database: Database;
  /** Hosts of other people's documents, one of which is on the exception list: `agents.example`. */
  documents: DocumentHost;
  /** Port at 127.0.0.2 that `rebind.example` may be fetched from. */
  rebindPort: number;
  nats: { url: string; identities: Record<string, NatsIdentity> };
  /** The administrator's browser, who signs in once. */
  person: Browser;
  /** A registered native client whose person is the administrator. */
  client: McpClient;
  forge: Forge;
  /** Registers one more client for the administrator. */
  register(metadata?: Record<string, unknown>): Promise<McpClient>;
  /** Runs a command of `npm run gatehouse -- auth`. @throws Error with what it said when it is refused */
  operate(...words: string[]): Promise<void>;
  /** How often gateways have asked for the key set. */
  keySetRequests(): number;
  stop(): Promise<void>;
}

/** Registrations that one address may make in a minute; the tests come from many addresses. */
export const registrationsPerMinute = 20;

const roles: Record<string, NatsRole> = {
  gateway: { role: 'gateway' },
  'authorization-server': { role: 'authorization-server' },
  worker: { role: 'worker', tenant: 'default', servers: ['files'] },
};

/** Builds what it needs and starts it all on ephemeral loopback ports. */
export async function startStack(): Promise<SecurityStack> {
  buildProjects('apps/authorization-server', 'apps/gateway', 'apps/worker');
  const cleanUps: (() => unknown)[] = [];
  const stop = async () => {
    for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
  };
  try {
    return { ...(await startAll(cleanUps)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startAll(cleanUps: (() => unknown)[]): Promise<Omit<SecurityStack, 'stop'>> {
  const folder = makeTemporaryFolder('gatehouse-security-');
  cleanUps.push(() => folder.remove());
  const database = await createDatabase();
  cleanUps.push(() => database.drop());
  const documents = await startDocumentHost(['agents.example', 'rebind.example']);
  cleanUps.push(() => documents.stop());
  const identities = makeIdentities();
  const nats = await startEmbeddedNats({
    dataDir: folder.path,
    durable: false,
    identities: Object.values(identities),
  });
  cleanUps.push(() => nats.stop());
  const ports: number[] = [];
  const balancer = await startBalancer(() => ports);
  cleanUps.push(() => balancer.stop());
  const issuer = `http://localhost:${balancer.port}`;
  const encryptionKey = randomBytes(32);

  /** Starts an app and resolves with its port, which it is told by the setting. */
  const start = async (app: string, prefix: string, environment: NodeJS.ProcessEnv) => {
    const port = await findFreePort();
    const settings = { ...environment, [`${prefix}_PORT`]: String(port) };
    const begin = () => startAppProcess(`dist/apps/${app}/main.js`, `${prefix}_ADMIN_PORT`, settings);
    // A start waits a second for the database, which is too little when five programs start on a busy machine.
    const started = await begin().catch(begin);
    cleanUps.push(() => started.stop());
    return port;
  };
  const rebindPort = await findFreePort();
  const authorizationServer = {
    ...busOf(nats.url, identities['authorization-server']),
    NODE_OPTIONS: `--import=${pathToFileURL(path.join(import.meta.dirname, 'name-server.ts')).href}`,
    AUTH_ISSUER: issuer,
    DATABASE_URL: database.url,
    GATEWAY_PUBLIC_URL: gatewayUrl,
    GATEHOUSE_ENCRYPTION_KEY: encryptionKey.toString('base64'),
    GATEHOUSE_ADMIN_EMAIL: administrator.email,
    GATEHOUSE_ADMIN_PASSWORD: administrator.password,
    AUTH_TRUSTED_PROXIES: '1',
    AUTH_REGISTRATIONS_PER_MINUTE: String(registrationsPerMinute),
    AUTH_OUTBOUND_EXCEPTIONS: [
      `agents.example:${documents.port} 127.0.0.1/32 ${documents.caFile}`,
      `rebind.example:${rebindPort} 127.0.0.2/32 ${documents.caFile}`,
      'unreachable.example 224.0.0.1/32',
    ].join(','),
  };
  const gateway = {
    ...busOf(nats.url, identities.gateway),
    AUTH_ISSUER: issuer,
    GATEWAY_PUBLIC_URL: gatewayUrl,
    GATEHOUSE_STATE_KEYS: randomBytes(32).toString('base64'),
  };
  const worker = {
    ...busOf(nats.url, identities.worker),
    GATEHOUSE_STATE_KEYS: randomBytes(32).toString('base64'),
    FILES_ROOT: path.join(folder.path, 'workspace'),
  };
  const replicas = [0, 1];
  ports.push(...(await Promise.all(replicas.map(() => start('authorization-server', 'AUTH', authorizationServer)))));
  const [gatewayPorts] = await Promise.all([
    Promise.all(replicas.map(() => start('gateway', 'GATEWAY', gateway))),
    start('worker', 'WORKER', worker),
  ]);

  const sendTo = (some: number[]): Issuer => {
    return { issuer, send: fromManyAddresses(sendInTurn(issuer, () => some)) };
  };
  const both = sendTo(ports);
  const authorizationServers = ports.map((port) => sendTo([port]));
  const person = new Browser(both);
  const register = (metadata: Record<string, unknown> = {}) => McpClient.register(both, metadata, person);
  const client = await register();
  await filesAreKnown(authorizationServers, client);
  const { claims } = decodeJwt((await client.obtainTokens()).access_token);
  return {
    ...both,
    authorizationServers,
    gateways: gatewayPorts.map((port) => `http://127.0.0.1:${port}`),
    database,
    documents,
    rebindPort,
    nats: { url: nats.url, identities },
    person,
    client,
    forge: await openForge(database, encryptionKey, claims),
    register,
    operate: async (...words) => {
      const { DATABASE_URL, GATEHOUSE_ENCRYPTION_KEY } = authorizationServer;
      const program = 'dist/apps/authorization-server/cli.js';
      const command = new Command([process.execPath, program, ...words], { DATABASE_URL, GATEHOUSE_ENCRYPTION_KEY });
      if ((await command.ended) !== 0) throw new Error(`${words.join(' ')} failed: ${command.output}`);
    },
    keySetRequests: () => balancer.requestsOf('/jwks'),
  };
}

/** The roles of a deployment, and one that may do everything, to see what the others cannot. */
function makeIdentities(): Record<string, NatsIdentity> {
  const everything = { publish: { allow: ['>'] }, subscribe: { allow: ['>'] } };
  const permissions = Object.entries(roles).map(([user, role]) => [user, rolePermissions(role)] as const);
  return Object.fromEntries(
    [...permissions, ['observer', everything] as const].map(([user, allowed]) => [
      user,
      { user, password: randomBytes(24).toString('base64url'), permissions: allowed },
    ]),
  );
}

function busOf(url: string, identity: NatsIdentity | undefined): NodeJS.ProcessEnv {
  return { NATS_URL: url, NATS_USER: identity?.user, NATS_PASSWORD: identity?.password };
}

/** Waits until both authorization servers have learnt the resource of the worker's server from the catalog. */
async function filesAreKnown(authorizationServers: Issuer[], client: McpClient): Promise<void> {
  for (const replica of authorizationServers) {
    const url = new URL(client.authorizationUrl({ resource: `${gatewayUrl}/mcp/files`, scope: 'files:read' }));
    for (;;) {
      const { headers } = await replica.send(`${url.pathname}${url.search}`);
      if (headers.location?.includes('/interaction/')) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
