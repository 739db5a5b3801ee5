import { randomUUID } from 'node:crypto';
import { rename, rm, rmdir, unlink } from 'node:fs/promises';
import { ExpectedError } from '@gatehouse/worker';
import { withEntryLock } from './entry-lock.ts';
import type { CheckLock } from './entry-lock.ts';
import { errorCode } from './explain-failure.ts';
import { quote, reservedPrefix } from './file-path.ts';
import { removeLeftovers } from './leftovers.ts';
import type { Entry, RootDirectory } from './root-directory.ts';
import { refuseVersion, statIfThere } from './write-file.ts';

interface DeleteOptions {
  /** Also delete a directory that is not empty. */
  recursive: boolean;
  /** Delete the file only if it still has this version. */
  expectedVersion?: string | undefined;
}

/** Deletes a file, a link (not what it links to) or a directory; false when there was nothing. */
export function deleteFile(
  root: RootDirectory,
  filePath: string,
  { recursive, expectedVersion }: DeleteOptions,
  signal: AbortSignal,
): Promise<boolean> {
  return root.withEntry(filePath, { follow: false }, (entry) =>
    withEntryLock(entry, signal, async (checkLock) => {
      const existing = await statIfThere(entry);
      if (!existing) return false;
      if (existing.isDirectory()) await deleteDirectory(entry, recursive, checkLock, signal);
      else {
        if (!existing.isFile() && !existing.isSymbolicLink()) {
          throw new ExpectedError(
            `${quote(filePath)} is a pipe, socket or device: it is not for this server to delete.`,
          );
        }
        const refusal = expectedVersion === undefined ? undefined : refuseVersion(filePath, existing, expectedVersion);
        if (refusal) throw refusal;
        await checkLock();
        await unlink(entry.directory.entry(entry.name));
      }
      await entry.directory.sync();
      return true;
    }),
  );
}

async function deleteDirectory(
  { directory, name }: Entry,
  recursive: boolean,
  checkLock: CheckLock,
  signal: AbortSignal,
): Promise<void> {
  await checkLock();
  if (!recursive) return deleteEmpty({ directory, name }, signal);
  // Out of sight at once: nobody meets a half-deleted tree, and after a crash the rest is swept up.
  const doomed = directory.entry(`${reservedPrefix}delete-${randomUUID()}`);
  await rename(directory.entry(name), doomed);
  return rm(doomed, { recursive: true, force: true });
}

async function deleteEmpty({ directory, name }: Entry, signal: AbortSignal): Promise<void> {
  try {
    await rmdir(directory.entry(name));
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) throw error;
    // What a process that died left behind is shown to nobody, and must not keep a directory that looks empty.
    const inside = await directory.openChild(name);
    try {
      if (!(await removeLeftovers(inside, name, signal))) throw error;
    } finally {
      await inside.close();
    }
    await rmdir(directory.entry(name));
  }
}
