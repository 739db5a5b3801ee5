import { access, constants, lstat, mkdir, open, realpath, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import path from 'node:path';
import { StartError } from '@gatehouse/runtime';
import { ExpectedError } from '@gatehouse/worker';
import { DirectoryHandle } from './directory-handle.ts';
import { errorCode, explainFailure } from './explain-failure.ts';
import { quote } from './file-path.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, R_OK, X_OK } = constants;

/** An entry by the open directory that holds it. */
export interface Entry {
  directory: DirectoryHandle;
  name: string;
}

/** An open regular file. */
interface OpenFile {
  handle: FileHandle;
  stats: BigIntStats;
}

/**
 * The served directory. Every access resolves links, checks that the real place is inside, opens the directory there
 * and checks again that what was opened is what was checked; from then on only the open directory is used. So neither a
 * link nor a swap between two steps leads out.
 */
export class RootDirectory {
  /** Absolute, without links. */
  readonly realPath: string;

  private constructor(realPath: string) {
    this.realPath = realPath;
  }

  /**
   * Opens the directory, after making it if it is missing.
   * @throws StartError when it cannot be made or used
   */
  static async open(location: string): Promise<RootDirectory> {
    try {
      await mkdir(location, { recursive: true });
      const realPath = await realpath(location);
      await access(realPath, R_OK | X_OK);
      if (!(await stat(realPath)).isDirectory()) throw Object.assign(new Error('no directory'), { code: 'ENOTDIR' });
      return new RootDirectory(realPath);
    } catch (cause) {
      const isFile = ['EEXIST', 'ENOTDIR'].includes(errorCode(cause) ?? '');
      const reason = isFile ? 'is not a directory' : `cannot be made or read (${errorCode(cause) ?? String(cause)})`;
      throw new StartError(
        `FILES_ROOT is ${location}, which ${reason}: set it to a directory that this user may use.`,
        {
          cause,
        },
      );
    }
  }

  /** Uses a directory that `parsePath` has read; links to it are followed. */
  withDirectory<Result>(filePath: string, use: (directory: DirectoryHandle) => Promise<Result>): Promise<Result> {
    return this.#explained(filePath, async () => {
      const directory = await this.#openVerified(await this.#resolve(filePath), filePath);
      return closing(directory, () => use(directory));
    });
  }

  /**
   * Uses an entry that need not exist, in a directory that must, unless `makeParents` is set. With `follow`, an entry that
   * is a link stands for what it links to.
   */
  withEntry<Result>(
    filePath: string,
    options: { follow: boolean; makeParents?: boolean },
    use: (entry: Entry) => Promise<Result>,
  ): Promise<Result> {
    if (filePath === '') throw new ExpectedError('This is the served directory itself: name something in it.');
    return this.#explained(filePath, async () => {
      const parent = path.posix.dirname(filePath).replace(/^\.$/, '');
      const name = path.posix.basename(filePath);
      const directory = options.makeParents
        ? await this.#makeDirectory(parent)
        : await this.#openVerified(await this.#resolve(parent), parent);
      return closing(directory, async () => {
        if (!options.follow || !(await isLink(directory, name))) return use({ directory, name });
        const target = await this.#resolve(filePath);
        if (target === this.realPath)
          throw new ExpectedError(`${quote(filePath)} links to the served directory itself.`);
        const targetDirectory = await this.#openVerified(path.dirname(target), filePath);
        return closing(targetDirectory, () => use({ directory: targetDirectory, name: path.basename(target) }));
      });
    });
  }

  /** Uses an open regular file; links to it are followed, special files are refused before they are opened. */
  withFile<Result>(filePath: string, use: (file: OpenFile) => Promise<Result>): Promise<Result> {
    return this.withEntry(filePath, { follow: true }, async ({ directory, name }) => {
      checkRegular(await directory.lstat(name), filePath);
      // Non-blocking, for the entry may have become a pipe meanwhile; not following, for it may have become a link.
      const handle = await open(directory.entry(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      return closing(handle, async () => {
        const stats = await handle.stat({ bigint: true });
        checkRegular(stats, filePath);
        return use({ handle, stats });
      });
    });
  }

  async #resolve(filePath: string): Promise<string> {
    const real = await realpath(path.join(this.realPath, filePath)).catch(async (error: unknown) => {
      throw (await this.#leadsAway(filePath, errorCode(error))) ? leadsAway(filePath) : error;
    });
    if (this.#contains(real)) return real;
    throw leadsAway(filePath);
  }

  /** Whether a path that cannot be resolved fails at or behind a link; what is outside must not show in the answer. */
  async #leadsAway(filePath: string, code: string | undefined): Promise<boolean> {
    let parent = this.realPath;
    for (const name of filePath.split('/')) {
      const location = path.join(parent, name);
      try {
        parent = await realpath(location);
      } catch {
        const stats = await lstat(location).catch(() => undefined);
        return code !== 'ELOOP' && stats?.isSymbolicLink() === true;
      }
      if (!this.#contains(parent)) return true;
    }
    return false;
  }

  async #openVerified(real: string, filePath: string): Promise<DirectoryHandle> {
    const directory = await DirectoryHandle.open(real);
    const now = await realpath(real).catch(() => '');
    if (this.#contains(now) && (await directory.isAt(now))) return directory;
    await directory.close();
    throw new ExpectedError(`${quote(filePath)} changed while it was opened: try again.`);
  }

  async #makeDirectory(filePath: string): Promise<DirectoryHandle> {
    const names = filePath === '' ? [] : filePath.split('/');
    let existing = names.length;
    while (existing > 0 && !(await this.#exists(names.slice(0, existing).join('/')))) existing--;
    const start = names.slice(0, existing).join('/');
    let directory = await this.#openVerified(await this.#resolve(start), start);
    for (const name of names.slice(existing)) {
      const parent = directory;
      directory = await closing(parent, () => parent.makeChild(name));
    }
    return directory;
  }

  async #exists(filePath: string): Promise<boolean> {
    const error = await this.#resolve(filePath).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    if (error === undefined) return true;
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }

  #contains(real: string): boolean {
    return real === this.realPath || real.startsWith(this.realPath === '/' ? '/' : `${this.realPath}${path.sep}`);
  }

  async #explained<Result>(filePath: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw explainFailure(error, filePath);
    }
  }
}

/** @throws ExpectedError for anything but a regular file: reading a pipe, socket or device could block for ever */
export function checkRegular(stats: BigIntStats, filePath: string): void {
  if (stats.isFile()) return;
  if (stats.isDirectory()) throw new ExpectedError(`${quote(filePath)} is a directory: use list to see what is in it.`);
  throw new ExpectedError(`${quote(filePath)} is a pipe, socket or device: only regular files can be used.`);
}

/** The same whether or not there is something at the other end: the caller is not told what exists outside. */
function leadsAway(filePath: string): ExpectedError {
  return new ExpectedError(
    `${quote(filePath)} goes through a link that leads nowhere or out of the served directory: use a path that stays inside.`,
  );
}

async function isLink(directory: DirectoryHandle, name: string): Promise<boolean> {
  const stats = await directory.lstat(name).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  return stats?.isSymbolicLink() ?? false;
}

async function closing<Result>(handle: { close(): Promise<void> }, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } finally {
    await handle.close();
  }
}
