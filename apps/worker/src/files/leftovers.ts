import { rm } from 'node:fs/promises';
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

function isReserved(path: string): boolean {
  return path.split('/').some((name) => name.startsWith(reservedPrefix));
}
