import { constants, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { errorCode } from './explain-failure.ts';
import { statFile } from './file-info.ts';
import { LineMatcher } from './line-matcher.ts';
import type { LineMatch } from './line-matcher.ts';
import { fitsNamePattern } from './name-pattern.ts';
import type { RootDirectory } from './root-directory.ts';
import type { ScanLimits } from './scan-limits.ts';
import { walk } from './walk.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
const chunkBytes = 256 * 1024;
const reportEveryMs = 250;

/** Where a search ends even if it is not through. */
interface SearchLimits extends ScanLimits {
  results: number;
}

interface SearchOptions {
  /** Literal text; a line matches when it contains it. */
  query: string;
  caseSensitive: boolean;
  /** Only files whose name fits. */
  name?: string | undefined;
  limits: SearchLimits;
}

export interface Found {
  matches: ({ path: string } & LineMatch)[];
  filesSearched: number;
  /** Binary files, and what could not be opened. */
  filesSkipped: number;
  /** The limit that ended the search; absent when it went through all files. */
  stoppedBy?: keyof SearchLimits;
}

/** Searches the text files of a tree line by line, without following links. */
export async function searchFiles(
  root: RootDirectory,
  filePath: string,
  options: SearchOptions,
  signal: AbortSignal,
  report: (found: Found) => void,
): Promise<Found> {
  const search = new Search(options, signal, report);
  const isFile = filePath !== '' && (await statFile(root, filePath)).type === 'file';
  if (isFile) await root.withFile(filePath, ({ handle }) => search.searchFile(filePath, handle));
  else {
    await root.withDirectory(filePath, async (directory) => {
      const walked = walk(directory, filePath, { recursive: true, signal, onLeftOut: () => search.skip() });
      for await (const visited of walked) {
        if (search.found.stoppedBy) break;
        if (!visited.entry.isFile() || !search.wants(visited.entry.name)) continue;
        await search.openAndSearch(visited.path, visited.directory.entry(visited.entry.name));
      }
    });
  }
  return search.found;
}

class Search {
  readonly found: Found = { matches: [], filesSearched: 0, filesSkipped: 0 };
  readonly #options: SearchOptions;
  readonly #signal: AbortSignal;
  readonly #report: (found: Found) => void;
  readonly #chunk = Buffer.allocUnsafe(chunkBytes);
  readonly #startedAt = performance.now();
  #reportedAt = this.#startedAt;
  #bytes = 0;

  constructor(options: SearchOptions, signal: AbortSignal, report: (found: Found) => void) {
    this.#options = options;
    this.#signal = signal;
    this.#report = report;
  }

  wants(name: string): boolean {
    return this.#options.name === undefined || fitsNamePattern(this.#options.name, name);
  }

  skip(): void {
    this.found.filesSkipped++;
  }

  async openAndSearch(filePath: string, location: string): Promise<void> {
    let handle: FileHandle;
    try {
      handle = await open(location, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      return this.skip(); // gone, changed or not readable
    }
    try {
      await this.searchFile(filePath, handle);
    } finally {
      await handle.close();
    }
  }

  async searchFile(filePath: string, handle: FileHandle): Promise<void> {
    const { query, caseSensitive } = this.#options;
    const matcher = new LineMatcher(query, caseSensitive);
    for (let offset = 0; ;) {
      this.#signal.throwIfAborted();
      const { bytesRead } = await handle.read(this.#chunk, 0, chunkBytes, offset);
      const chunk = this.#chunk.subarray(0, bytesRead);
      if (offset === 0 && chunk.includes(0)) return this.skip();
      this.#take(filePath, bytesRead === 0 ? matcher.end() : matcher.add(chunk));
      offset += bytesRead;
      this.#bytes += bytesRead;
      this.#checkLimits();
      if (bytesRead === 0) this.found.filesSearched++;
      if (bytesRead === 0 || this.found.stoppedBy) return;
    }
  }

  #take(filePath: string, matches: LineMatch[]): void {
    for (const match of matches) {
      if (this.found.matches.length === this.#options.limits.results) {
        this.found.stoppedBy = 'results';
        return;
      }
      this.found.matches.push({ path: filePath, ...match });
    }
  }

  #checkLimits(): void {
    const now = performance.now();
    const { limits } = this.#options;
    if (now - this.#startedAt > limits.timeMs) this.found.stoppedBy ??= 'timeMs';
    if (this.#bytes > limits.bytes) this.found.stoppedBy ??= 'bytes';
    if (now - this.#reportedAt < reportEveryMs) return;
    this.#reportedAt = now;
    this.#report(this.found);
  }
}
