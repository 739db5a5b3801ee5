import { createHash, randomUUID } from 'node:crypto';
import { constants, link, open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DirectoryHandle } from './directory-handle.ts';
import { errorCode } from './explain-failure.ts';
import { reservedPrefix } from './file-path.ts';
import { formatOwner } from './lock-owner.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;

/** How often a holder shows that it lives. */
const refreshMs = 500;

/** What a look at a lock file shows; of two equal looks the holder did nothing in between. */
export interface LockState {
  inode: bigint;
  modifiedNs: bigint;
  owner: string;
}

/** A lock file that this process made, until it is released or taken over by somebody who took this process for dead. */
export class LockFile {
  readonly #directory: DirectoryHandle;
  readonly #name: string;
  readonly #handle: FileHandle;
  readonly #owner: string;
  readonly #released = new AbortController();
  readonly #refreshed: Promise<void>;

  private constructor(directory: DirectoryHandle, name: string, handle: FileHandle, owner: string) {
    this.#directory = directory;
    this.#name = name;
    this.#handle = handle;
    this.#owner = owner;
    this.#refreshed = this.#refresh();
  }

  /** Makes the lock file; undefined when there is one. */
  static async tryMake(directory: DirectoryHandle, name: string): Promise<LockFile | undefined> {
    let handle: FileHandle;
    try {
      handle = await open(directory.entry(name), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return undefined;
      throw error;
    }
    try {
      return new LockFile(directory, name, handle, await writeOwner(handle));
    } catch (error) {
      await handle.close();
      await rm(directory.entry(name), { force: true });
      throw error;
    }
  }

  /** False once somebody else took over. */
  async isHeld(): Promise<boolean> {
    const [own, there] = await Promise.all([
      this.#handle.stat({ bigint: true }),
      lookAtLock(this.#directory, this.#name),
    ]);
    return there?.inode === own.ino && there.owner === this.#owner;
  }

  async release(): Promise<void> {
    this.#released.abort();
    try {
      await this.#refreshed;
      if (await this.isHeld()) await rm(this.#directory.entry(this.#name), { force: true });
    } finally {
      await this.#handle.close();
    }
  }

  /** By the open file, not by its name: that may be a successor's meanwhile. */
  async #refresh(): Promise<void> {
    const { signal } = this.#released;
    while (!signal.aborted) {
      await sleep(refreshMs, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      const now = new Date();
      // A refresh that fails makes the lock look abandoned; `isHeld` tells before anything is changed.
      await this.#handle.utimes(now, now).catch(() => {});
    }
  }
}

/** What there is under the name of a lock; undefined when there is nothing. */
export async function lookAtLock(directory: DirectoryHandle, name: string): Promise<LockState | undefined> {
  try {
    // Opened, not only described: network file systems answer an open with what is there now.
    const handle = await open(directory.entry(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stats = await handle.stat({ bigint: true });
      const owner = stats.isFile() ? await handle.readFile('utf8') : '';
      return { inode: stats.ino, modifiedNs: stats.mtimeNs, owner };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** True when two looks show the same lock, and its holder gave no sign of life in between. */
export function isUnchanged(before: LockState, now: LockState): boolean {
  return before.inode === now.inode && before.modifiedNs === now.modifiedNs && before.owner === now.owner;
}

/**
 * Takes an abandoned lock away, once, if it is still the one that was seen: of all who see the same one, only who makes the
 * claim file may, so that none of them takes away a successor's. False when somebody else has the claim.
 */
export async function takeAway(directory: DirectoryHandle, name: string, seen: LockState): Promise<boolean> {
  const { inode, modifiedNs, owner } = seen;
  const digest = createHash('sha256').update(`${name} ${inode} ${modifiedNs} ${owner}`).digest('hex').slice(0, 32);
  const claim = directory.entry(`${reservedPrefix}claim-${digest}`);
  try {
    await (await open(claim, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)).close();
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    const now = await lookAtLock(directory, name);
    if (now && isUnchanged(seen, now)) await takeAwayUnclaimed(directory, name, seen);
    return true;
  } finally {
    await rm(claim, { force: true });
  }
}

/** The same when whoever has the claim seems to have died too. */
export async function takeAwayUnclaimed(directory: DirectoryHandle, name: string, seen: LockState): Promise<void> {
  const taken = `${reservedPrefix}taken-${randomUUID()}`;
  try {
    await rename(directory.entry(name), directory.entry(taken));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  const state = await lookAtLock(directory, taken);
  if (state && !isUnchanged(seen, state)) {
    // Its holder lives, or this is a successor's: it goes back, unless the name is in use again. Then its holder
    // notices before it changes anything.
    await link(directory.entry(taken), directory.entry(name)).catch(() => {});
  }
  await rm(directory.entry(taken), { force: true });
}

async function writeOwner(handle: FileHandle): Promise<string> {
  const owner = formatOwner();
  try {
    await handle.writeFile(owner);
    return owner;
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes(errorCode(error) ?? '')) throw error;
    // On a full disk files must still be deletable; without an owner the lock is only given up later.
    await handle.truncate();
    return '';
  }
}
