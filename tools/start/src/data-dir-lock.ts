import { existsSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StartError } from '@gatehouse/runtime';

/** The lock on a data directory. */
export interface DataDirLock {
  release(): void;
}

/**
 * Locks a data directory for this process; undefined when another one holds it. SQLite's file lock is the kernel's, so
 * it ends with the process that held it, however that died: there is no stale lock.
 * @throws StartError when something else lies where the lock belongs.
 */
export function lockDataDir(file: string): DataDirLock | undefined {
  const before = inodeOf(file);
  const database = openLocked(file);
  if (!database) return undefined;
  // The holder before us removed the file after we had opened it: what we hold locks nobody out.
  if (!existsSync(file) || (before !== undefined && before !== inodeOf(file))) {
    database.close();
    return lockDataDir(file);
  }
  return {
    release: () => {
      rmSync(file, { force: true });
      database.close();
    },
  };
}

const sqliteBusy = 5;

function openLocked(file: string): DatabaseSync | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    database.exec('PRAGMA journal_mode = OFF; PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    return database;
  } catch (cause) {
    database?.close();
    if ((cause as { errcode?: number }).errcode === sqliteBusy) return undefined;
    throw new StartError(`The lock file ${file} is damaged: delete it and start again.`, { cause });
  }
}

function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}
