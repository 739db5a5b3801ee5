import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { makeTemporaryFolder, startEmbeddedNats, startEmbeddedPostgres } from '@gatehouse/start';

/** What the run's projects share; kept on `globalThis`, since every project loads this file anew. */
interface SharedServices {
  users: number;
  started: Promise<{ stop(): Promise<void> }>;
}

const shared = globalThis as typeof globalThis & { gatehouseTestServices?: SharedServices };

/**
 * Global setup of the test projects that need services: one PostgreSQL and one NATS (JetStream, no authentication) for
 * the whole run. Tests read their addresses from GATEHOUSE_TEST_DATABASE_URL (a superuser's) and GATEHOUSE_TEST_NATS_URL,
 * which the workers of the run inherit; each test makes what it needs in them under a name of its own.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const services = (shared.gatehouseTestServices ??= { users: 0, started: startServices() });
  services.users += 1;
  await services.started;
  return async () => {
    services.users -= 1;
    if (services.users > 0) return;
    delete shared.gatehouseTestServices;
    await (await services.started).stop();
  };
}

async function startServices(): Promise<{ stop(): Promise<void> }> {
  const folder = makeTemporaryFolder('gatehouse-test-services-');
  const natsDir = path.join(folder.path, 'nats');
  mkdirSync(natsDir);
  const [postgres, nats] = await Promise.all([
    startEmbeddedPostgres({ dataDir: path.join(folder.path, 'postgres'), durable: false }),
    startEmbeddedNats({ dataDir: natsDir, durable: false }),
  ]);
  process.env.GATEHOUSE_TEST_DATABASE_URL = postgres.url;
  process.env.GATEHOUSE_TEST_NATS_URL = nats.url;
  return {
    stop: async () => {
      await Promise.all([postgres.stop(), nats.stop()]);
      folder.remove();
    },
  };
}
