import { readdir, rm } from 'node:fs/promises';
import type { DirectoryHandle } from './directory-handle.ts';
import { lockPrefix, withLock } from './entry-lock.ts';
import { reservedPrefix } from './file-path.ts';
import type { RootDirectory } from './root-directory.ts';
import { walk } from './walk.ts';

/** What is younger may belong to a call that is still running, here or in another worker. */
const leftoverAgeMs = 3_600_000;

/** Removes what processes that died in mid-call left behind: locks, unfinished writes and deletions. */
export function sweepLeftovers(root: RootDirectory, signal: AbortSignal): Promise<void> {
  return root.withDirectory('', async (directory) => {
    const options = { recursive: true, includeReserved: true, signal, onLeftOut: () => {} };
    for await (const visited of walk(directory, '', { ...options, enters: (path) => !isReserved(path) })) {
      if (!visited.entry.name.startsWith(reservedPrefix)) continue;
      const stats = await visited.directory.lstat(visited.entry.name).catch(() => undefined);
      if (stats && Date.now() - Number(stats.ctimeMs) > leftoverAgeMs) {
        await rm(visited.directory.entry(visited.entry.name), { recursive: true, force: true });
      }
    }
  });
}

/**
 * Removes from a directory what processes that died left behind, when there is nothing else in it; false when there is.
 * Waits for calls that are still at work in it.
 * @throws ExpectedError when such a call takes too long
 */
export async function removeLeftovers(
  directory: DirectoryHandle,
  shown: string,
  signal: AbortSignal,
): Promise<boolean> {
  const names = await readdir(directory.location);
  if (names.some((name) => !name.startsWith(reservedPrefix))) return false;
  // Whoever made one of `names` made a lock before. Read again, so that no lock of them is missing, and got one by one:
  // whatever of `names` is there afterwards belongs to nobody.
  for (const name of await readdir(directory.location)) {
    if (name.startsWith(lockPrefix)) await withLock(directory, name, shown, signal, () => Promise.resolve());
  }
  for (const name of names) {
    if (!name.startsWith(lockPrefix)) await rm(directory.entry(name), { recursive: true, force: true });
  }
  return true;
}

function isReserved(path: string): boolean {
  return path.split('/').some((name) => name.startsWith(reservedPrefix));
}
