import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { StartError } from '@gatehouse/runtime';
import { endProcess } from './end-process.ts';
import { findFreePort } from './free-port.ts';
import { guardService, makeTemporaryFolder } from './guard.ts';
import { findPostgresBinaries, findUnprivilegedUser } from './postgres-binaries.ts';
import type { PostgresBinaries, UnprivilegedUser } from './postgres-binaries.ts';

/** What the embedded PostgreSQL starts with. */
interface EmbeddedPostgresOptions {
  /** Folder of the cluster; made with `initdb` when absent. Its parent must exist. */
  dataDir: string;
  /** Loopback port; a free one when absent. */
  port?: number;
  /** Password of the superuser `gatehouse`; random when absent, which fits a new cluster only. */
  password?: string;
  /** False gives up durability for speed, for tests. */
  durable?: boolean;
  /** Receives the server's own log lines. */
  onLog?: (line: string) => void;
}

/** A running PostgreSQL. */
export interface EmbeddedPostgres {
  /** `postgres://` URL of the superuser and its database `postgres`. */
  url: string;
  port: number;
  pid: number;
  /** Resolves when the server has ended, asked or not. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

const superuser = 'gatehouse';
const stopGraceMs = 5_000;
/** A log line that says why the server ends, or the program's own words before it has a log. */
const complaintPattern = /^.* (?:FATAL|PANIC|ERROR): +|^(?:postgres|initdb): (?:error: )?/;
const notDurable = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/**
 * Starts PostgreSQL from npm packages on a loopback port, as another user when this process is root. It dies with this
 * process, even on kill -9.
 * @throws StartError when the cluster is damaged, or the server does not come up.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const user = findUnprivilegedUser(options.dataDir);
  const binaries = await findPostgresBinaries(options.dataDir, user);
  const password = options.password ?? randomBytes(24).toString('base64url');
  try {
    if (!existsSync(options.dataDir)) await initializeCluster(options, binaries, user, password);
    checkCluster(options.dataDir);
    const port = options.port ?? (await findFreePort());
    const server = await startServer(options, binaries, user, port);
    const ended = once(server, 'exit').then(() => binaries.removeCopy?.());
    return {
      url: `postgres://${superuser}:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`,
      port,
      pid: server.pid ?? 0,
      ended,
      stop: async () => {
        // SIGINT is PostgreSQL's fast shutdown: sessions are cut, data is flushed.
        await endProcess(server.pid ?? 0, 'SIGINT', stopGraceMs);
        await ended;
      },
    };
  } catch (error) {
    binaries.removeCopy?.();
    throw error;
  }
}

/** Makes the cluster under another name first, so that a crash in the middle leaves no half-made one. */
async function initializeCluster(
  options: EmbeddedPostgresOptions,
  binaries: PostgresBinaries,
  user: UnprivilegedUser | undefined,
  password: string,
): Promise<void> {
  const unfinished = `${options.dataDir}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  if (user) chownSync(unfinished, user.uid, user.gid);
  const passwordFolder = makeTemporaryFolder('gatehouse-initdb-');
  try {
    const passwordFile = path.join(passwordFolder.path, 'password');
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    if (user) for (const owned of [passwordFolder.path, passwordFile]) chownSync(owned, user.uid, user.gid);
    await runInitdb(binaries, unfinished, user, [
      `--username=${superuser}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
      ...(options.durable === false ? ['--no-sync'] : []),
    ]);
  } finally {
    passwordFolder.remove();
  }
  renameSync(unfinished, options.dataDir);
}

async function runInitdb(
  binaries: PostgresBinaries,
  dataDir: string,
  user: UnprivilegedUser | undefined,
  parameters: string[],
): Promise<void> {
  const initdb = spawnInside(dataDir, user, binaries.initdb, parameters);
  const complaint = text(initdb.stderr);
  const [code] = (await once(initdb, 'close')) as [number | null];
  if (code !== 0)
    throw new StartError(`PostgreSQL could not create its database files: ${firstComplaint(await complaint, dataDir)}`);
}

function checkCluster(dataDir: string): void {
  const file = path.join(dataDir, 'PG_VERSION');
  const version = existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
  if (version === '18') return;
  const finding =
    version === undefined
      ? 'it has no PG_VERSION'
      : /^\d{1,2}$/.test(version)
        ? `it was made by PostgreSQL ${version}, and this is 18`
        : 'its PG_VERSION is not a version';
  throw new StartError(
    `The database in ${dataDir} cannot be used: ${finding}; restore the folder from a backup, or move it away to begin with an empty one.`,
  );
}

/** Starts the server and resolves when it accepts connections. */
async function startServer(
  options: EmbeddedPostgresOptions,
  binaries: PostgresBinaries,
  user: UnprivilegedUser | undefined,
  port: number,
): Promise<ChildProcess> {
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'logging_collector=off',
    ...(options.durable === false ? notDurable : []),
  ];
  const server = spawnInside(
    options.dataDir,
    user,
    binaries.postgres,
    settings.flatMap((setting) => ['-c', setting]),
  );
  const complaints: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: server.stderr }).on('line', (line) => {
      if (complaintPattern.test(line)) complaints.push(line);
      if (line.includes('database system is ready to accept connections')) resolve();
      options.onLog?.(line.replaceAll('/proc/self/cwd', options.dataDir));
    });
    server.once('error', reject);
    server.once('close', () =>
      reject(
        new StartError(
          `The database in ${options.dataDir} does not start: ${lastComplaint(complaints.join('\n'), options.dataDir)}; if its files are damaged, restore the folder from a backup or move it away to begin with an empty one.`,
        ),
      ),
    );
  });
  return server;
}

/**
 * Runs a program of PostgreSQL on a data directory. The directory is entered before root's rights are dropped and named
 * `/proc/self/cwd` from there on: so it may lie below folders that PostgreSQL's user cannot enter.
 */
function spawnInside(dataDir: string, user: UnprivilegedUser | undefined, program: string, parameters: string[]) {
  const child = spawn(program, ['-D', user ? '/proc/self/cwd' : dataDir, ...parameters], {
    cwd: dataDir,
    // Out of the terminal's process group: Ctrl-C must not stop the database before its users.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    ...(user ? { uid: user.uid, gid: user.gid } : {}),
  });
  guardService(child, 'SIGINT');
  return child;
}

/** The first complaint in a text, as part of a sentence: initdb goes on to say what it cleans up. */
function firstComplaint(output: string, dataDir: string): string {
  return lastComplaint(output.split('\n').find((line) => complaintPattern.test(line)) ?? '', dataDir);
}

/** The last complaint in a text, as part of a sentence. */
function lastComplaint(output: string, dataDir: string): string {
  const line = output.split('\n').findLast((candidate) => complaintPattern.test(candidate)) ?? 'it gave no reason';
  return line.replace(complaintPattern, '').replaceAll('/proc/self/cwd', dataDir).replace(/\.$/, '');
}
