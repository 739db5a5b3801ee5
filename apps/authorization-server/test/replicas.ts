import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createLogger, loadSettings } from '@gatehouse/runtime';
import { authorizationServerSettings } from '../src/config.ts';
import { startServer } from '../src/start-server.ts';
import type { RunningServer } from '../src/start-server.ts';
import { createFreshDatabase } from './fresh-database.ts';
import type { FreshDatabase } from './fresh-database.ts';
import { administrator, gatewayUrl, sendInTurn } from '../../../test/support/authorization/issuer.ts';
import type { Issuer } from '../../../test/support/authorization/issuer.ts';

/** Authorization servers that are one issuer on one database. */
export interface Replicas extends Issuer {
  servers: RunningServer[];
  database: FreshDatabase;
  environment: Record<string, string>;
  /** Starts one more replica. */
  add(environment?: Record<string, string>): Promise<RunningServer>;
  stop(): Promise<void>;
}

export { administrator, gatewayUrl };

/** Starts `count` replicas on a new database. They share an issuer, whose port belongs to none of them. */
export async function startReplicas(count = 1, environment: Record<string, string> = {}): Promise<Replicas> {
  const database = await createFreshDatabase();
  const issuer = environment.AUTH_ISSUER ?? `http://localhost:${await freePort()}`;
  const shared = {
    AUTH_PORT: '0',
    AUTH_ADMIN_PORT: '0',
    AUTH_ISSUER: issuer,
    DATABASE_URL: database.url,
    GATEHOUSE_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    GATEHOUSE_ADMIN_EMAIL: administrator.email,
    GATEHOUSE_ADMIN_PASSWORD: administrator.password,
    GATEWAY_PUBLIC_URL: gatewayUrl,
    // Nobody there, unless a test follows the catalog, which the whole run shares.
    NATS_URL: 'nats://127.0.0.1:1',
    AUTH_REGISTRATIONS_PER_MINUTE: '1000',
    ...environment,
  };
  const servers: RunningServer[] = [];
  const add = async (more: Record<string, string> = {}) => {
    const server = await startReplica({ ...shared, ...more });
    servers.push(server);
    return server;
  };
  // Together, for that is when they would make two sets of keys.
  await Promise.all(Array.from({ length: count }, () => add()));
  return {
    issuer,
    servers,
    database,
    environment: shared,
    send: sendInTurn(issuer, () => servers.map(({ port }) => port)),
    add,
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
      await database.drop();
    },
  };
}

/** Starts one authorization server from environment variables, as `main.ts` does. */
export async function startReplica(
  environment: Record<string, string>,
  logger = createLogger('test', { LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'fatal', LOG_FORMAT: 'json' }),
): Promise<RunningServer> {
  return startServer(loadSettings(authorizationServerSettings, environment), logger);
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
