import { existsSync } from 'node:fs';
import { constants, lstat, mkdir, open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import path from 'node:path';
import { errorCode } from './explain-failure.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/** Linux: names below an open directory can be reached through it, whatever its path has become meanwhile. */
const hasDescriptorPaths = existsSync('/proc/self/fd');

/** An open directory. What is done to its entries happens in this very directory, even if its path is swapped. */
export class DirectoryHandle {
  readonly #handle: FileHandle;
  readonly #location: string;

  private constructor(handle: FileHandle, location: string) {
    this.#handle = handle;
    this.#location = hasDescriptorPaths ? `/proc/self/fd/${handle.fd}` : location;
  }

  /** Opens a directory that is no link itself. */
  static async open(location: string): Promise<DirectoryHandle> {
    return new DirectoryHandle(await open(location, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), location);
  }

  /** Where the directory itself can be read. */
  get location(): string {
    return `${this.#location}/`;
  }

  /** Where an entry of the directory can be reached; `name` is one name, never a path. */
  entry(name: string): string {
    return path.join(this.#location, path.basename(name));
  }

  openChild(name: string): Promise<DirectoryHandle> {
    return DirectoryHandle.open(this.entry(name));
  }

  /** Opens a child after making it if it is missing. */
  async makeChild(name: string): Promise<DirectoryHandle> {
    await mkdir(this.entry(name)).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
    return this.openChild(name);
  }

  /** Describes an entry itself, not what it may link to. */
  lstat(name: string): Promise<BigIntStats> {
    return lstat(this.entry(name), { bigint: true });
  }

  stat(): Promise<BigIntStats> {
    return this.#handle.stat({ bigint: true });
  }

  /** True when this very directory is what the path names now. */
  async isAt(location: string): Promise<boolean> {
    const [own, there] = await Promise.all([this.stat(), stat(location, { bigint: true })]);
    return own.ino === there.ino && own.dev === there.dev;
  }

  /** Makes changes of entries survive a power failure. */
  async sync(): Promise<void> {
    await this.#handle.sync();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
