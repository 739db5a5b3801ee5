import { describeFile } from './file-info.ts';
import type { FileInfo } from './file-info.ts';
import { errorCode } from './explain-failure.ts';
import { fitsNamePattern } from './name-pattern.ts';
import type { RootDirectory } from './root-directory.ts';
import { compareInWalk, walk } from './walk.ts';
import type { Visited } from './walk.ts';

/** Stands in a name for bytes that are no UTF-8; what is named so cannot be reached by a path. */
const replacement = '\ufffd';

interface ListOptions {
  recursive: boolean;
  /** Only entries whose name fits. */
  name?: string | undefined;
  limit: number;
  /** Continue behind this path. */
  after?: string | undefined;
}

export interface Listing {
  entries: FileInfo[];
  /** Pass as `after` to get the next entries; absent at the end. */
  nextAfter?: string;
  /** False when something could not be looked into. */
  complete: boolean;
}

/** Lists a directory, or with `recursive` the tree below it, page by page in a stable order. */
export function listFiles(
  root: RootDirectory,
  filePath: string,
  { recursive, name, limit, after }: ListOptions,
  signal: AbortSignal,
): Promise<Listing> {
  return root.withDirectory(filePath, async (directory) => {
    const entries: FileInfo[] = [];
    let complete = true;
    const visits = walk(directory, filePath, {
      recursive,
      signal,
      enters: (path) => after === undefined || after.startsWith(`${path}/`) || compareInWalk(path, after) >= 0,
      onLeftOut: () => (complete = false),
    });
    for await (const visited of visits) {
      if (after !== undefined && compareInWalk(visited.path, after) <= 0) continue;
      if (name !== undefined && !fitsNamePattern(name, visited.entry.name)) continue;
      const last = entries.at(-1);
      if (entries.length === limit && last) return { entries, nextAfter: last.path, complete };
      const info = await describeVisited(visited);
      if (info) entries.push(info);
      else if (visited.entry.name.includes(replacement)) complete = false;
    }
    return { entries, complete };
  });
}

async function describeVisited({ directory, entry, path }: Visited): Promise<FileInfo | undefined> {
  try {
    return describeFile(path, await directory.lstat(entry.name));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined; // gone since it was listed
    throw error;
  }
}
