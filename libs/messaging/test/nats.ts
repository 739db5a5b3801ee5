import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { NatsIdentity } from '@gatehouse/start';
import { findFreePort, makeTemporaryFolder, startEmbeddedNats } from '@gatehouse/start';

/** A NATS server of the test's own, to be killed, stopped, restarted on its port or given identities. */
export async function startNats(identities?: NatsIdentity[]) {
  const folder = makeTemporaryFolder('gatehouse-messaging-test-');
  const dataDir = path.join(folder.path, 'nats');
  mkdirSync(dataDir);
  const port = await findFreePort();
  const options = { dataDir, port, durable: false, ...(identities ? { identities } : {}) };
  let server = await startEmbeddedNats(options);
  const kill = async () => {
    process.kill(server.pid, 'SIGKILL');
    await server.ended;
  };
  return {
    url: server.url,
    kill,
    start: async () => {
      server = await startEmbeddedNats(options);
    },
    restart: async (how: { withoutStore: boolean }) => {
      await kill();
      if (how.withoutStore) rmSync(path.join(dataDir, 'jetstream'), { recursive: true });
      server = await startEmbeddedNats(options);
    },
    signal: (name: 'SIGSTOP' | 'SIGCONT') => process.kill(server.pid, name),
    stop: async () => {
      await server.stop();
      folder.remove();
    },
  };
}
