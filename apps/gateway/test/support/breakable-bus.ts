import { BusMonitor, connectNats, inboxPrefix } from '@gatehouse/messaging';
import { createLogger } from '@gatehouse/runtime';
import { findFreePort, makeTemporaryFolder, startEmbeddedNats } from '@gatehouse/start';
import { waitUntil } from './test-gateway.ts';

/** A gateway's connection to a NATS of its own, which falls silent or dies when it is told to. */
export async function openBreakableBus() {
  const logger = createLogger('test', { LOG_LEVEL: 'fatal', LOG_FORMAT: 'json' });
  const folder = makeTemporaryFolder('gatehouse-bus-');
  const nats = await startEmbeddedNats({ dataDir: folder.path, port: await findFreePort(), durable: false });
  const identity = inboxPrefix({ role: 'gateway' });
  const connection = await connectNats({ servers: nats.url, name: 'test', inboxPrefix: identity, logger });
  const bus = new BusMonitor(connection, logger);
  bus.start();
  await waitUntil(() => bus.carries);
  let killed = false;
  const kill = () => {
    if (!killed) process.kill(nats.pid, 'SIGKILL');
    killed = true;
  };
  return {
    logger,
    connection,
    bus,
    /** From here on NATS takes bytes and answers nothing. */
    silence: () => {
      process.kill(nats.pid, 'SIGSTOP');
      // Its threads stop a moment later.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    },
    goOn: async () => {
      process.kill(nats.pid, 'SIGCONT');
      await waitUntil(() => bus.carries);
    },
    /** Kills NATS; resolves when that is known. */
    kill: async () => {
      kill();
      await waitUntil(() => !bus.carries);
    },
    close: async () => {
      bus.close();
      await connection.close();
      kill();
      await nats.ended;
      folder.remove();
    },
  };
}

/** What `work` comes to, and how long that takes from here on. */
export async function timed<Result>(work: Promise<Result>): Promise<{ result: Result; tookMs: number }> {
  const startedAt = performance.now();
  const result = await work;
  return { result, tookMs: performance.now() - startedAt };
}

export type BreakableBus = Awaited<ReturnType<typeof openBreakableBus>>;
