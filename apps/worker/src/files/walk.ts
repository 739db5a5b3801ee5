import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import type { DirectoryHandle } from './directory-handle.ts';
import { errorCode } from './explain-failure.ts';
import { reservedPrefix } from './file-path.ts';

/** Each level keeps one directory open. */
const maxDepth = 64;
const maxEntriesOfDirectory = 100_000;

/** An entry on the way through a tree; its directory stays open until the next one is asked for. */
export interface Visited {
  path: string;
  directory: DirectoryHandle;
  entry: Dirent;
}

interface WalkOptions {
  recursive: boolean;
  signal: AbortSignal;
  /** Whether to go into a directory; into all when absent. */
  enters?(path: string): boolean;
  /** Hears of what the walk leaves out: no permission, too deep, too many entries. */
  onLeftOut(path: string): void;
  /** Also visits this server's own files. */
  includeReserved?: boolean;
}

/** Visits the entries of a directory in the order of their names, each directory before what is in it; follows no link. */
export async function* walk(
  directory: DirectoryHandle,
  directoryPath: string,
  options: WalkOptions,
  depth = 1,
): AsyncGenerator<Visited> {
  for (const entry of await readEntries(directory, directoryPath, options)) {
    options.signal.throwIfAborted();
    const entryPath = directoryPath === '' ? entry.name : `${directoryPath}/${entry.name}`;
    yield { path: entryPath, directory, entry };
    if (!options.recursive || !entry.isDirectory() || options.enters?.(entryPath) === false) continue;
    if (depth === maxDepth) {
      options.onLeftOut(entryPath);
      continue;
    }
    const child = await openChild(directory, entry.name);
    if (!child) {
      options.onLeftOut(entryPath);
      continue;
    }
    try {
      yield* walk(child, entryPath, options, depth + 1);
    } finally {
      await child.close();
    }
  }
}

async function readEntries(directory: DirectoryHandle, path: string, options: WalkOptions): Promise<Dirent[]> {
  const entries: Dirent[] = [];
  for await (const entry of await opendir(directory.location, { bufferSize: 256 })) {
    if (entry.name.startsWith(reservedPrefix) && !options.includeReserved) continue;
    if (entries.length === maxEntriesOfDirectory) {
      options.onLeftOut(path);
      break;
    }
    entries.push(entry);
  }
  return entries.sort((a, b) => compareNames(a.name, b.name));
}

async function openChild(directory: DirectoryHandle, name: string): Promise<DirectoryHandle | undefined> {
  try {
    return await directory.openChild(name);
  } catch (error) {
    // It may have gone or changed since it was listed, or not be readable; the rest of the tree is still worth a look.
    if (errorCode(error) !== undefined) return undefined;
    throw error;
  }
}

/** Compares two paths in the order of a walk. */
export function compareInWalk(a: string, b: string): number {
  const [namesA, namesB] = [a.split('/'), b.split('/')];
  for (let level = 0; level < Math.min(namesA.length, namesB.length); level++) {
    const order = compareNames(namesA[level] ?? '', namesB[level] ?? '');
    if (order !== 0) return order;
  }
  return namesA.length - namesB.length;
}

function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
