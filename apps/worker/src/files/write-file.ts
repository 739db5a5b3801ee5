import { randomUUID } from 'node:crypto';
import { constants, link, open, rename, rm } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { ExpectedError } from '@gatehouse/worker';
import type { DirectoryHandle } from './directory-handle.ts';
import { withEntryLock } from './entry-lock.ts';
import type { CheckLock } from './entry-lock.ts';
import { errorCode } from './explain-failure.ts';
import { describeFile, versionOf } from './file-info.ts';
import type { FileInfo } from './file-info.ts';
import { quote, reservedPrefix } from './file-path.ts';
import { checkRegular } from './root-directory.ts';
import type { Entry, RootDirectory } from './root-directory.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

interface WriteOptions {
  overwrite: boolean;
  /** Replace the file only if it still has this version. */
  expectedVersion?: string | undefined;
}

type Written = FileInfo & { outcome: 'created' | 'replaced' | 'unchanged' };

/**
 * Writes a whole file at once: readers see the old content or the new one, also after a crash, and of several writers who
 * expect the same version one succeeds. The same write again changes nothing.
 */
export function writeFile(
  root: RootDirectory,
  filePath: string,
  content: Buffer,
  options: WriteOptions,
  signal: AbortSignal,
): Promise<Written> {
  return root.withEntry(filePath, { follow: true, makeParents: true }, (entry) =>
    withEntryLock(entry, signal, async (checkLock) => {
      const existing = await statIfThere(entry);
      const refusal = refuseWrite(filePath, existing, options);
      if (existing && (refusal || options.overwrite) && (await hasContent(entry, existing, content))) {
        return { ...describeFile(filePath, existing), outcome: 'unchanged' };
      }
      if (refusal) throw refusal;
      const stats = await replaceEntry(entry, existing, content, checkLock);
      return { ...describeFile(filePath, stats), outcome: existing ? 'replaced' : 'created' };
    }),
  );
}

function refuseWrite(
  filePath: string,
  existing: BigIntStats | undefined,
  { overwrite, expectedVersion }: WriteOptions,
): ExpectedError | undefined {
  const shown = quote(filePath);
  if (!existing) {
    if (expectedVersion === undefined) return undefined;
    return new ExpectedError(`${shown} no longer exists: write it without expectedVersion to create it.`);
  }
  checkRegular(existing, filePath);
  if (expectedVersion !== undefined) return refuseVersion(filePath, existing, expectedVersion);
  if (overwrite) return undefined;
  return new ExpectedError(`${shown} exists already: pass overwrite to replace it, or choose another path.`);
}

/** The refusal of a change that expects another version than there is. */
export function refuseVersion(
  filePath: string,
  existing: BigIntStats,
  expectedVersion: string,
): ExpectedError | undefined {
  const version = versionOf(existing);
  if (version === expectedVersion) return undefined;
  return new ExpectedError(`${quote(filePath)} was changed, its version is now ${version}: read it again first.`);
}

/** The stats of an entry itself; undefined when there is none. */
export async function statIfThere({ directory, name }: Entry): Promise<BigIntStats | undefined> {
  try {
    return await directory.lstat(name);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function hasContent({ directory, name }: Entry, existing: BigIntStats, content: Buffer): Promise<boolean> {
  if (existing.size !== BigInt(content.length)) return false;
  // Non-blocking, for the entry may have become a pipe meanwhile.
  const handle = await open(directory.entry(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const now = await handle.stat({ bigint: true });
    return now.isFile() && now.size === existing.size && content.equals(await handle.readFile());
  } finally {
    await handle.close();
  }
}

async function replaceEntry(
  entry: Entry,
  existing: BigIntStats | undefined,
  content: Buffer,
  checkLock: CheckLock,
): Promise<BigIntStats> {
  const { directory, name } = entry;
  const temporary = directory.entry(`${reservedPrefix}write-${randomUUID()}`);
  try {
    const stats = await writeTemporary(temporary, content, existing && Number(existing.mode & 0o777n));
    await checkLock();
    if (existing) await rename(temporary, directory.entry(name));
    else await placeNew(directory, temporary, name);
    await directory.sync();
    return stats;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeTemporary(temporary: string, content: Buffer, mode: number | undefined): Promise<BigIntStats> {
  const handle = await open(temporary, 'wx', mode);
  try {
    await handle.writeFile(content);
    // What is given at the opening is cut by the process's umask.
    if (mode !== undefined) await handle.chmod(mode);
    await handle.sync();
    return await handle.stat({ bigint: true });
  } finally {
    await handle.close();
  }
}

/** Gives a file its name only if nobody has it, not even a program that knows nothing of the lock. */
async function placeNew(directory: DirectoryHandle, temporary: string, name: string): Promise<void> {
  try {
    await link(temporary, directory.entry(name));
  } catch (error) {
    // File systems without hard links answer so; there the lock has to do.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(errorCode(error) ?? '')) throw error;
    await rename(temporary, directory.entry(name));
  }
}
