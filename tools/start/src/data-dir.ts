import { accessSync, chmodSync, constants, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StartError } from '@gatehouse/runtime';
import { lockDataDir } from './data-dir-lock.ts';
import type { DataDirLock } from './data-dir-lock.ts';
import { readRecord } from './process-record.ts';

/** Where everything lies in a data directory. */
export interface DataDir {
  path: string;
  /** The key-encryption key, base64. */
  encryptionKeyFile: string;
  /** Passwords that the stack made up. */
  passwordsFile: string;
  /** Ports of the embedded services, so that they stay the same over restarts. */
  portsFile: string;
  /** The processes that run. */
  processesFile: string;
  /** One environment file per role. */
  environments: string;
  postgres: string;
  nats: string;
  /** What the files server shows unless FILES_ROOT says otherwise. */
  workspace: string;
}

/** Names the places in a data directory; touches nothing. */
export function describeDataDir(folder: string): DataDir {
  return {
    path: folder,
    encryptionKeyFile: path.join(folder, 'encryption.key'),
    passwordsFile: path.join(folder, 'passwords.json'),
    portsFile: path.join(folder, 'ports.json'),
    processesFile: path.join(folder, 'processes.json'),
    environments: path.join(folder, 'env'),
    postgres: path.join(folder, 'postgres'),
    nats: path.join(folder, 'nats'),
    workspace: path.join(folder, 'workspace'),
  };
}

/** One folder after the other: Node's recursive `mkdir` asks for ever where a parent refuses with ENOENT, as /proc does. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/**
 * Makes the data directory where it is absent and locks it.
 * @throws StartError when it cannot be written, belongs to something else, or another stack runs on it.
 */
export function openDataDir(folder: string): { dataDir: DataDir; lock: DataDirLock } {
  const dataDir = describeDataDir(folder);
  refuseForeignFolder(dataDir);
  try {
    for (const part of [folder, dataDir.environments, dataDir.nats]) {
      makeFolder(part);
      accessSync(part, constants.R_OK | constants.W_OK | constants.X_OK);
    }
    // It holds keys and passwords.
    chmodSync(folder, 0o700);
  } catch (cause) {
    throw new StartError(
      `The data directory ${folder} cannot be written (${(cause as NodeJS.ErrnoException).code}): make it writable for this user, or set GATEHOUSE_DATA_DIR to another folder.`,
      { cause },
    );
  }
  const lock = lockDataDir(path.join(folder, 'lock'));
  if (lock) return { dataDir, lock };
  const start = readRecord(dataDir.processesFile).find(({ name }) => name === 'start');
  const holder = start ? ` (process ${start.pid})` : '';
  throw new StartError(
    `Another \`npm start\`${holder} uses the data directory ${folder}: stop it first, or set GATEHOUSE_DATA_DIR to another folder.`,
  );
}

/** Makes the folder of the built-in files server, with something in it to find. */
export function makeWorkspace(folder: string, dataDir: DataDir): void {
  if (existsSync(folder)) return;
  if (folder !== dataDir.workspace) {
    throw new StartError(`FILES_ROOT is ${folder}, which does not exist: create it, or correct FILES_ROOT.`);
  }
  mkdirSync(folder);
  writeFileSync(
    path.join(folder, 'welcome.md'),
    [
      '# Welcome to Gatehouse',
      '',
      'This folder is what the built-in files server shows to MCP clients. Put files here, or set `FILES_ROOT` to a folder',
      'of your own and start again.',
      '',
      'Things to ask an agent: "list my files", "what does welcome.md say?", "write a note called ideas.md".',
      '',
    ].join('\n'),
  );
}

/** A folder with other things in it is somebody's home, not ours to change the mode of. */
function refuseForeignFolder(dataDir: DataDir): void {
  if (!existsSync(dataDir.path)) return;
  let names: string[];
  try {
    names = readdirSync(dataDir.path);
  } catch {
    // Not a folder, or not readable: said by what follows.
    return;
  }
  if (names.length === 0 || existsSync(dataDir.environments)) return;
  throw new StartError(
    `GATEHOUSE_DATA_DIR is ${dataDir.path}, which holds other things: name an empty or a new folder.`,
  );
}
